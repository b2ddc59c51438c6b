type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles if and only if A and B are the same type. */
export declare function same<A, B>(is: Same<A, B>): void;

same<string, string>(true);
// @ts-expect-error A narrower type is another type.
same<"a", string>(true);
