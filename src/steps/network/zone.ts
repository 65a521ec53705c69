/** "us-east-1a" -> "a", "us-west-2-lax-1a" -> "lax-1a": names the things of one zone within a stack. */
export function zoneLetter(zone: string): string {
  return zone.replace(/^[a-z]{2}(-[a-z]+)+-\d+-?/, '') || zone;
}
