/** States of a TCP socket, part of the kernel's stable interface (net/tcp_states.h). */
export const TCP = { established: 1, synSent: 2, synReceived: 3, close: 7, listen: 10 } as const;
