/** Assets (client-assets.md). Nothing is served yet: every path of theirs is answered with 404. */
export const cargoholdClient = {}
