using Puna.Kernels.Activations;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
using Puna.Kernels.Norm;
using Puna.Kernels.Rope;

namespace Puna.Kernels.Cases;

/// <summary>The kernels between the products, over 64 rows of 2048: together they fit in the second-level caches.</summary>
internal static class RowCases
{
    private const int Rows = 64;
    private const int Columns = 2048;
    private const int HeadDim = 64;
    private const long Floats = (long)Rows * Columns;

    private static string Shape => $"{Rows}x{Columns}";

    /// <summary>All of them.</summary>
    public static IEnumerable<IKernelCase> All =>
        [
            RmsNormCase(),
            RotaryCase(RotaryPairing.Halves),
            RotaryCase(RotaryPairing.Interleaved),
            // y is one of the operands: two are read, one is written.
            new RowCase(
                $"swiglu {Shape}",
                3 * Floats,
                Floats,
                (x, y, pool) =>
                    (
                        () =>
                            SwiGlu.Forward(
                                new FloatRows(x, Rows, Columns),
                                new FloatRows(y, Rows, Columns),
                                new FloatRows(y, Rows, Columns),
                                pool
                            ),
                        null
                    )
            ),
            new RowCase(
                $"softmax {Shape}",
                2 * Floats,
                Floats,
                (x, y, pool) =>
                    (
                        () =>
                            Softmax.Forward(
                                new FloatRows(x, Rows, Columns),
                                new FloatRows(y, Rows, Columns),
                                pool
                            ),
                        null
                    )
            ),
            QuantiseCase(),
        ];

    private static RowCase RmsNormCase() =>
        new(
            $"rmsnorm {Shape}",
            2 * Floats,
            Floats,
            (x, y, pool) =>
            {
                var weight = RandomFloats.Buffer(Columns);
                return (
                    () =>
                        RmsNorm.Forward(
                            new FloatRows(x, Rows, Columns),
                            weight.Span,
                            1e-5f,
                            new FloatRows(y, Rows, Columns),
                            pool
                        ),
                    weight
                );
            }
        );

    private static RowCase RotaryCase(RotaryPairing pairing) =>
        new(
            $"rope {pairing.ToString().ToLowerInvariant()} {Shape}",
            2 * Floats,
            Floats,
            (x, y, pool) =>
            {
                var frequencies = new float[HeadDim / 2];
                for (var pair = 0; pair < frequencies.Length; pair++)
                {
                    frequencies[pair] = MathF.Pow(10000, -2f * pair / HeadDim);
                }

                var angles = new RotaryAngles(frequencies);
                angles.Prepare([.. Enumerable.Range(0, Rows)]);
                return (
                    () =>
                        Rotary.Forward(
                            angles,
                            pairing,
                            new FloatRows(x, Rows, Columns),
                            new FloatRows(y, Rows, Columns),
                            HeadDim,
                            pool
                        ),
                    angles
                );
            }
        );

    // A byte and some scale for each float that is read.
    private static RowCase QuantiseCase() =>
        new(
            $"quantise {Shape}",
            Floats + Floats / 4,
            Floats,
            (x, _, pool) =>
            {
                var rows = new ActivationRows(Rows, Columns, ActivationFormat.Int8);
                return (() => rows.Load(new FloatRows(x, Rows, Columns), pool), rows);
            }
        );
}
