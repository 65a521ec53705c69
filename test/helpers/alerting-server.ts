import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PythonEnvironment } from '../../src/sandbox/environment.ts';

/**
 * Asks for a client certificate of the CA and answers none but the handshake. Python's TLS sends the alert that says why
 * a certificate is refused, as Go's does in Temporal Cloud; Node's hangs up instead.
 */
const SCRIPT = `
import socket, ssl, sys
ca, certificate, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
context.load_verify_locations(ca)
context.verify_mode = ssl.CERT_REQUIRED
context.set_alpn_protocols(["h2"])
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    connection, _ = server.accept()
    try:
        context.wrap_socket(connection, server_side=True).close()
    except OSError:
        connection.close()
`;

export async function startAlertingServer(
  { python }: PythonEnvironment,
  certificates: string,
): Promise<{ readonly address: string; stop(): Promise<void> }> {
  const files = ['ca.pem', 'server.pem', 'server.key'].map((name) => join(certificates, name));
  const child = spawn(python, ['-c', SCRIPT, ...files], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return {
    address: `localhost:${port.trim()}`,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
