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

    /// <summary>One f32 elementary function (exp, sigmoid) by our polynomial, relative: 4 units in the last place.</summary>
    public const double F32Function = 4 * 2 * F32Unit;

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

    /// <summary>Rounding to int8 by blocks: half a step, relative to the largest magnitude of the block.</summary>
    public const double Int8Step = 0.5 / 127;

    /// <summary>Rounding to f16: unit round-off 2^-11, relative.</summary>
    public const double F16Unit = 1.0 / 2048;

    /// <summary>Rounding to bf16: unit round-off 2^-8, relative.</summary>
    public const double BF16Unit = 1.0 / 256;

    /// <summary>Largest distance of stories260K's int8 weights from its f32 weights, as the data's readme records it.</summary>
    public const double Stories260KInt8 = 0.007;
}
