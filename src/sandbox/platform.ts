import { readFileSync } from 'node:fs';

/** Families of systems that install Python packages by the same command. */
export type System = 'debian' | 'fedora' | 'alpine' | 'macos' | 'other';

export type PythonPart = 'python' | 'venv' | 'pip';

const INSTALL: Record<System, Record<PythonPart, string>> = {
  debian: {
    python: 'sudo apt install python3 python3-venv',
    venv: 'sudo apt install python3-venv',
    pip: 'sudo apt install python3-venv python3-pip',
  },
  fedora: {
    python: 'sudo dnf install python3',
    venv: 'sudo dnf install python3-libs',
    pip: 'sudo dnf install python3-pip',
  },
  alpine: { python: 'apk add python3', venv: 'apk add python3', pip: 'apk add py3-pip' },
  macos: { python: 'brew install python', venv: 'brew install python', pip: 'brew install python' },
  other: {
    python: 'install Python from https://www.python.org/downloads/',
    venv: 'install the venv and ensurepip modules of your Python',
    pip: 'install pip for your Python (python3 -m ensurepip)',
  },
};

/** One line that mends the missing part on this system. */
export function installCommand(system: System, part: PythonPart): string {
  return INSTALL[system][part];
}

/** @param osRelease text of /etc/os-release; see os-release(5). Empty where there is none. */
export function systemOf(platform: NodeJS.Platform, osRelease: string): System {
  if (platform === 'darwin') return 'macos';
  const ids = [...osRelease.matchAll(/^(?:ID|ID_LIKE)=(.*)$/gm)].flatMap(([, value = '']) =>
    value.replaceAll(/["']/g, '').split(/\s+/),
  );
  if (ids.includes('debian') || ids.includes('ubuntu')) return 'debian';
  if (ids.includes('fedora') || ids.includes('rhel')) return 'fedora';
  return ids.includes('alpine') ? 'alpine' : 'other';
}

export function thisSystem(): System {
  let osRelease = '';
  try {
    osRelease = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // Not a Linux with os-release: the platform alone decides.
  }
  return systemOf(process.platform, osRelease);
}
