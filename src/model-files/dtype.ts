/** Element types that a network can be computed in. */
export const dtypes = ["fp32", "fp16", "int8"] as const;

/** The element type that a network is computed in. */
export type Dtype = (typeof dtypes)[number];

/** Those, and the choice of what is fastest where the model runs. */
export const dtypeChoices = ["auto", ...dtypes] as const;

/** A dtype, or `auto`: the fastest one that the model and the device have. */
export type DtypeChoice = (typeof dtypeChoices)[number];
