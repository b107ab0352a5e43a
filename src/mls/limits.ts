/**
 * How long a key package may be good for when it is uploaded. Stock clients make them for 84 days; one that nobody
 * claimed in half a year belongs to a device that is not used.
 */
export const KEY_PACKAGE_LIFETIME_SECONDS_MAX = 180 * 24 * 60 * 60
