// Package trend decides whether a measured value rises over time, or is flat.
//
// A [Series] holds samples in blocks. A block is a stretch in which samples can be compared, such as the life of one
// broker process. [Series.Test] compares only samples of the same block, so a new process with less memory does not
// hide a leak.
//
// Two statistics decide, and both depend only on the order of the samples or on medians, so a few outliers change
// little:
//
//   - Mann-Kendall: S counts the pairs of samples that rise, less the pairs that fall. Without a trend S is about
//     normal, with mean 0 and a variance that is known. S and its variance are summed over the blocks, as in the
//     seasonal Kendall test. See Mann, "Nonparametric tests against trend", 1945; Kendall, "Rank correlation methods",
//     1975; and Hirsch, Slack and Smith, "Techniques of trend analysis for monthly water quality data", 1982.
//   - Theil-Sen: the slope is the median of the slopes of all pairs, and the confidence interval follows from the
//     variance of S. See Sen, "Estimates of the regression coefficient based on Kendall's tau", 1968.
//
// A value rises if the one-sided p of Mann-Kendall is below 0.001 and the slope exceeds a bound that the caller states.
// So growth that is certain but negligible passes, and so does growth that may be noise.
//
// Samples must be independent. If each sample resembles the one before, the test sees trends more often than p says.
// The package implements the statistics itself, because libraries that have them are large.
package trend
