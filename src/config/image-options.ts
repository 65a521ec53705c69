import type { Option } from './option.ts';

/** Registry, repository, tag and digest as they are written in one word; what it means is read elsewhere. */
export const IMAGE_NAME = /^[a-z0-9][\w./:@-]*$/;

/** An image of the user's own, of any language. */
export const IMAGE_OPTION: Option = {
  key: 'image',
  env: ['TEMPORAL_FARGATE_IMAGE'],
  question: 'Image of your own worker',
  help: 'Of any language, by tag or digest, in a public registry or in ECR; see docs/worker-contract.md for what it has to do.',
  type: 'text',
  default: '',
  validate: (answer) =>
    answer === '' || IMAGE_NAME.test(String(answer))
      ? undefined
      : `"${answer}" names no image, such as ghcr.io/ada/worker:1.4`,
  voidedBy: ['workerDir', 'workerSource'],
  onRequest: true,
  perWorker: true,
  stage: 'what',
};

export const DOCKER_OPTION: Option = {
  key: 'docker',
  env: ['TEMPORAL_FARGATE_DOCKER'],
  question: 'Build with Docker',
  help: 'Your Docker builds the folder of --worker-dir by its Dockerfile, in any language; the image is pushed without docker login.',
  type: 'boolean',
  default: false,
  show: (answer) => (answer === true ? 'true' : ''),
  when: ({ image }) => !image,
  // Whoever says what the worker is says all of it.
  voidedBy: ['workerSource'],
  onRequest: true,
  perWorker: true,
  stage: 'what',
};
