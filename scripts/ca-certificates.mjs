// `npm run ca-certificates`: Mozilla's list of certificate authorities, as Node carries it, for the worker image.
// A file of the repository, so that the same commit gives the same image on any machine and any Node.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { getCACertificates } from 'node:tls';
import { root, say } from './setup.mjs';

if (!getCACertificates) throw new Error(`Node ${process.versions.node} cannot tell its list; run this with Node 24`);
const certificates = getCACertificates('bundled');
const header = `# Mozilla's certificate authorities (MPL 2.0), from Node ${process.versions.node}; made by npm run ca-certificates.\n`;
writeFileSync(
  join(root, 'src/image/ca-certificates.pem'),
  `${header}${certificates.map((pem) => pem.trim()).join('\n')}\n`,
);
say(`${certificates.length} certificate authorities written.`);
