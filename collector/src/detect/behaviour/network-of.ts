/**
 * The network an address is taken for: /24 of IPv4, /48 of IPv6, as providers give them out (RFC 6177). Empty for what is
 * no address; an IPv6 address that is shortened within its first three groups stands for itself.
 */
export function networkOf(address: string): string {
  if (address.includes(':')) {
    const mapped = address.startsWith('::ffff:') ? address.slice(7) : '';
    if (mapped.includes('.')) return networkOf(mapped);
    const groups = address.split(':', 3);
    return groups.length === 3 && groups.every((group) => group !== '') ? `${groups.join(':')}::/48` : address;
  }
  const end = address.lastIndexOf('.');
  return end > 0 ? `${address.slice(0, end)}.0/24` : address;
}
