import { mayPassRoles } from '../identity/permissions.ts';
import { may, type StepActions } from '../permission.ts';
import { CLUSTER, IN_CLUSTER } from './cluster.ts';
import { LOG_GROUP } from './log-group.ts';

/** A service that is given a definition passes on the roles that the definition names. */
export const SERVICE_ACTIONS: StepActions = {
  find: [may(CLUSTER, 'ecs:DescribeServices')],
  load: [may(CLUSTER, 'ecs:ListServiceDeployments')],
  create: [may(CLUSTER, 'ecs:CreateService', 'ecs:TagResource'), ...mayPassRoles],
  update: [may(CLUSTER, 'ecs:UpdateService'), ...mayPassRoles],
  retag: [may(CLUSTER, 'ecs:TagResource', 'ecs:UntagResource')],
  explain: [
    may(CLUSTER, 'ecs:DescribeServices', 'ecs:DescribeTasks', 'ecs:ListServiceDeployments'),
    may(IN_CLUSTER, 'ecs:ListTasks'),
    may(LOG_GROUP, 'logs:FilterLogEvents'),
  ],
  stop: [may(CLUSTER, 'ecs:ListServiceDeployments', 'ecs:StopServiceDeployment')],
  destroy: [may(CLUSTER, 'ecs:DeleteService')],
};
