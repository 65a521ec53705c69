/** Operating system and processor of a task, in OCI's words. Darwin only where a sandbox runs on the host's own Node. */
export type Platform = `${'linux' | 'darwin'}/${'amd64' | 'arm64'}`;

/** @throws RangeError for a host that no image can be made for */
export function hostPlatform(os: string = process.platform, cpu: string = process.arch): Platform {
  const architecture = { x64: 'amd64', arm64: 'arm64' }[cpu];
  const platform = `${os}/${architecture}`;
  if (!isPlatform(platform)) throw new RangeError(`no worker image can be made for ${os} on ${cpu}`);
  return platform;
}

function isPlatform(text: string): text is Platform {
  return /^(linux|darwin)\/(amd64|arm64)$/.test(text);
}

export function platformParts(platform: Platform): { os: 'linux' | 'darwin'; architecture: 'amd64' | 'arm64' } {
  const [os, architecture] = platform.split('/') as ['linux' | 'darwin', 'amd64' | 'arm64'];
  return { os, architecture };
}

/** How npm selects packages for another machine. Linux means glibc: Temporal's native core has no musl build. */
export function npmPlatformFlags(platform: Platform): string[] {
  const { os, architecture } = platformParts(platform);
  const flags = ['--os', os, '--cpu', architecture === 'amd64' ? 'x64' : 'arm64'];
  return os === 'linux' ? [...flags, '--libc', 'glibc'] : flags;
}

/** Folder of the platform's native core in `@temporalio/core-bridge/releases`. */
export function coreBridgeTarget(platform: Platform): string {
  const { os, architecture } = platformParts(platform);
  const cpu = architecture === 'amd64' ? 'x86_64' : 'aarch64';
  return os === 'linux' ? `${cpu}-unknown-linux-gnu` : `${cpu}-apple-darwin`;
}
