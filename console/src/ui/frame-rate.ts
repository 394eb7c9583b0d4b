/** Enough to be live, few enough for a terminal over a slow line. */
export const FRAMES_PER_SECOND_MAX = 10;
