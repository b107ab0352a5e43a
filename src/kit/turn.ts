/**
 * When everything has been looked at that lies ready at the sockets: what came together is known by then, and what was
 * begun before has been written.
 */
export const endOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
