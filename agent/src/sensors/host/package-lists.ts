// The package databases of the three families, as lists of "name version". Pure: their text in, entries out.

/** dpkg's status file (deb-status): paragraphs; only what is really installed, with the architecture where there are two. */
export function parseDpkgStatus(text: string): string[] {
  const packages: string[] = [];
  for (const paragraph of text.split('\n\n')) {
    if (!/^Status: \S+ \S+ installed$/m.test(paragraph)) continue;
    const name = /^Package: (\S+)$/m.exec(paragraph)?.[1];
    const version = /^Version: (\S+)$/m.exec(paragraph)?.[1];
    if (!name || !version) continue;
    const architecture = /^Multi-Arch: same$/m.test(paragraph) ? /^Architecture: (\S+)$/m.exec(paragraph)?.[1] : '';
    packages.push(`${name}${architecture ? `:${architecture}` : ''} ${version}`);
  }
  return packages;
}

/** One package of /var/lib/dpkg/status.d, as images without dpkg have them: a paragraph without a state. */
export function parseDpkgPackage(text: string): string[] {
  const name = /^Package: (\S+)$/m.exec(text)?.[1];
  const version = /^Version: (\S+)$/m.exec(text)?.[1];
  return name && version ? [`${name} ${version}`] : [];
}

/** apk's installed database: records with one letter a line. */
export function parseApkInstalled(text: string): string[] {
  const packages: string[] = [];
  for (const record of text.split('\n\n')) {
    const name = /^P:(\S+)$/m.exec(record)?.[1];
    const version = /^V:(\S+)$/m.exec(record)?.[1];
    if (name && version) packages.push(`${name} ${version}`);
  }
  return packages;
}

/** Answer of `rpm -qa` to RPM_FORMAT. Keys of the package manager itself are listed as packages; they are told too. */
export const RPM_FORMAT = '%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\\n';

export function parseRpmList(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => /^\S+ \d+:\S+$/.test(line))
    .map((line) => line.replace(/ 0:/, ' '));
}
