/** Why a server takes no bundle that declares limits. */
export const NOT_SERVED = 'cannot be enforced by this version of the server';
