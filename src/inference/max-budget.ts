/** The longest budget for a photo, in milliseconds. Apart from budget.ts: pages load this file as it is. */
export const MAX_BUDGET = 60_000;
