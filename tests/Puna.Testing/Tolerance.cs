namespace Puna.Testing;

/// <summary>
/// THE table of tolerances; a literal tolerance in a test is a review stop. Each entry says where it comes from.
/// </summary>
public static class Tolerance
{
    /// <summary>Unit round-off of f32, 2^-24.</summary>
    public const double F32Unit = 5.9604644775390625e-8;

    /// <summary>
    /// A sum of n f32 products in any order, relative to the sum of their absolute values: the forward error bound
    /// n * u, of which a blocked or vector sum uses far less; never below a few units for short sums.
    /// </summary>
    public static double F32Sum(int n) => Math.Max(4, n) * F32Unit;

    /// <summary>Rounding to f32 below its normal numbers, twice: half of the smallest step 2^-149 each, absolute.</summary>
    public const double F32Subnormal = 1.401298464324817e-45;

    /// <summary>One f32 elementary function (exp, sigmoid) by our polynomial, relative: 4 units in the last place.</summary>
    public const double F32Function = 4 * 2 * F32Unit;

    /// <summary>
    /// Attention in f32, relative to the largest value. A score errs by <see cref="F32Sum"/>(d) of the sum of its
    /// products' magnitudes, one more unit for the scale, and its weight by as much relative to itself, plus the
    /// function's error; numerator and denominator both have it, and each is a sum over the slots.
    /// </summary>
    /// <param name="headDim">d.</param>
    /// <param name="slots">Slots summed over.</param>
    /// <param name="magnitude">Largest scale * sum |q k| of a score.</param>
    public static double Attention(int headDim, int slots, double magnitude) =>
        2 * ((F32Sum(headDim) + F32Unit) * magnitude + F32Function + F32Sum(slots));

    /// <summary>
    /// <see cref="Attention"/> over queries and keys rotated in f32: an element of each is a sum of two products with
    /// rounded sines and cosines, 3 units of |a| + |b|, and the two elements of a pair meet the other side's two.
    /// </summary>
    /// <param name="headDim">d.</param>
    /// <param name="slots">Slots summed over.</param>
    /// <param name="magnitude">Largest scale * sum |q k| of a score.</param>
    public static double RotatedAttention(int headDim, int slots, double magnitude) =>
        Attention(headDim + 12, slots, magnitude);

    /// <summary>Logits of a whole model in f32 against a float64 or f32 oracle, relative to their spread (the acceptance line of the data's readme).</summary>
    public const double Logits = 2e-4;

    /// <summary>
    /// Logits of one pass against chunked passes of the same arithmetic, relative to their spread: only the order of
    /// the attention's partial sums differs.
    /// </summary>
    public const double Chunking = 1e-4;

    /// <summary>Mean NLL with int8 activations against f32, relative (the acceptance line of the issue).</summary>
    public const double Int8Nll = 0.005;

    /// <summary>Mean NLL printed with six decimals by an f32 or f64 oracle.</summary>
    public const double NllPrinted = 2e-5;

    /// <summary>
    /// Greedy ids are compared up to the first step at which the two best logits lie closer than this: two good f32
    /// forwards of a small model may choose otherwise there.
    /// </summary>
    public const double TellingGap = 0.001;

    /// <summary><see cref="TellingGap"/> of a real model, whose oracle is f32 itself.</summary>
    public const double TellingGapOfRealModel = 0.01;

    /// <summary>Rounding to int8 by blocks: half a step, relative to the largest magnitude of the block.</summary>
    public const double Int8Step = 0.5 / 127;

    /// <summary>
    /// The int8 product, relative to the sum over k of |activation| * (largest |weight| of its block of 32). Inside a
    /// block integers are exact; at most four f32 steps are then made for each 16 columns, and two more round the scale
    /// and the scaled dot. Codes and offsets are summed apart: together less than 4 times the largest weight.
    /// </summary>
    public static double Int8Product(int columns) => 4 * F32Sum(columns / 4 + 2);

    /// <summary>Rounding to f16: unit round-off 2^-11, relative.</summary>
    public const double F16Unit = 1.0 / 2048;

    /// <summary>Rounding to f16 below its normal numbers: half of the smallest step 2^-24, absolute.</summary>
    public const double F16Subnormal = 1.0 / (1 << 25);

    /// <summary>Rounding to bf16: unit round-off 2^-8, relative.</summary>
    public const double BF16Unit = 1.0 / 256;

    /// <summary>
    /// Probabilities that an f32 oracle computed and printed with six digits, from logits printed with seven: half a unit
    /// of the last digit of a logit up to 20 (5e-6, twice for the largest, divided by a temperature of 0.7), of the
    /// probability (5e-6), and f32 rounding of either side; relative.
    /// </summary>
    public const double PrintedProbability = 3e-5;

    /// <summary>
    /// Relative error of an encoder against the recorded one of the same format, as a factor: records have four digits,
    /// and two good searches differ by less than 2 %.
    /// </summary>
    public const double EncoderError = 1.02;

    /// <summary>
    /// What rounding a block's scale to a step of 2^-24 (a subnormal f16) adds to the relative error of uniform values
    /// of at most 1e-4: half a step times the largest code, against their root mean square 1e-4 / sqrt(3).
    /// </summary>
    public static double SubnormalScale(int largestCode) =>
        0.5 / (1 << 24) * largestCode / (1e-4 / Math.Sqrt(3));

    /// <summary>An extreme value of a block is a grid point but for the rounding of its 6-bit sub-scale, relative.</summary>
    public const double SubScale = 1.0 / 63;

    /// <summary>
    /// Spread of 16384 random elements against the wanted one, as a factor: their sampling error (below 1 %) and an f16
    /// scale that may be subnormal.
    /// </summary>
    public const double RandomSpread = 1.05;

    /// <summary>
    /// Mean of random elements relative to their spread, where neighbours share an offset: 512 independent offsets of
    /// at most the spread itself, two deviations of their mean.
    /// </summary>
    public const double RandomMean = 0.1;

    /// <summary>
    /// Chi-square statistic of drawn counts against expected ones: the 0.999 quantile by Wilson and Hilferty's cube
    /// formula, n * (1 - 2 / 9n + 3.09 * sqrt(2 / 9n))^3. With a fixed seed the outcome is fixed too.
    /// </summary>
    public static double ChiSquare(int degreesOfFreedom)
    {
        var ninth = 2.0 / (9 * degreesOfFreedom);
        return degreesOfFreedom * Math.Pow(1 - ninth + (3.09 * Math.Sqrt(ninth)), 3);
    }

    /// <summary>Largest distance of stories260K's int8 weights from its f32 weights, as the data's readme records it.</summary>
    public const double Stories260KInt8 = 0.007;

    /// <summary>Rotary divisors by one formula in f64 and in f32, relative: a power, two quotients and a blend, 4 units each.</summary>
    public const double RotaryDivisor = 4 * 4 * F32Unit;
}
