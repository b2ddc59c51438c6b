type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where A and B are the same type, and nowhere else. */
export declare function same<A, B>(is: Same<A, B>): void;

same<string, string>(true);
// @ts-expect-error A narrower type is another one.
same<"a", string>(true);
