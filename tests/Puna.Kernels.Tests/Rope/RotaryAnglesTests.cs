using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Rope;

[Collection(nameof(NativeMemoryCollection))]
public sealed class RotaryAnglesTests
{
    private const int Half = 8;
    private const int Context = 20_000;

    private static float[] Frequencies =>
        [.. Enumerable.Range(0, Half).Select(i => (float)Math.Pow(10_000, -(double)i / Half))];

    [Theory]
    [InlineData(1f)]
    [InlineData(1.25f)]
    public void Inside_the_context_every_bit_is_that_of_the_angle_rounded_to_f32(float multiplier)
    {
        using var angles = new RotaryAngles(Frequencies, Context, multiplier);
        // The first pass is the farthest: what is kept from pass to pass grows in several steps.
        foreach (var first in (int[])[Context - 100, 8100, 0, 500, 1000, 4000])
        {
            int[] positions =
            [
                .. Enumerable.Range(first, 100),
                .. Enumerable.Range(-first - 99, 100),
            ];
            angles.Prepare(positions);
            Assert.Equal(positions.Length, angles.Tokens);
            for (var token = 0; token < positions.Length; token++)
            {
                for (var pair = 0; pair < Half; pair++)
                {
                    var angle = positions[token] * Frequencies[pair];
                    Assert.Equal((float)Math.Cos(angle) * multiplier, angles.Cosines[token][pair]);
                    Assert.Equal((float)Math.Sin(angle) * multiplier, angles.Sines[token][pair]);
                }
            }
        }
    }

    [Theory]
    [InlineData(Context)]
    [InlineData(-Context)]
    [InlineData(4_000_000)]
    [InlineData(-4_000_000)]
    [InlineData(1 << 29)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void From_the_context_on_the_angle_is_exact(int position)
    {
        using var angles = new RotaryAngles(Frequencies, Context);
        angles.Prepare([position]);
        for (var pair = 0; pair < Half; pair++)
        {
            var angle = position * (double)Frequencies[pair];
            WithinAnUlp(Math.Cos(angle), angles.Cosines[0][pair]);
            WithinAnUlp(Math.Sin(angle), angles.Sines[0][pair]);
        }
    }

    // A turn of one head by p, of another by s: their dot product is that of a turn by p - s.
    [Theory]
    [InlineData(4_000_000, 3)]
    [InlineData(4_000_000, 100)]
    [InlineData(1 << 29, 1)]
    [InlineData((1 << 29) + 12345, 77)]
    public void Far_rotations_are_relative(int position, int distance)
    {
        const int HeadDim = 2 * Half;
        using var pool = new WorkerPool(1);
        using var angles = new RotaryAngles(Frequencies, Context);
        using var rows = new NativeBuffer<float>(2 * HeadDim);
        var values = TestNumbers.Uniform(2 * HeadDim, 5);
        values.CopyTo(rows.Span.Span);
        var view = new FloatRows(rows.Span, 2, HeadDim);
        angles.Prepare([position, position - distance]);
        Rotary.Forward(angles, RotaryPairing.Halves, view, view, HeadDim, pool);
        var turned = NaiveRotary.Rotate(
            values.AsSpan(0, HeadDim),
            Frequencies,
            distance,
            1,
            pair => (pair, pair + Half)
        );
        var (expected, actual, magnitude) = (0.0, 0.0, 0.0);
        for (var index = 0; index < HeadDim; index++)
        {
            expected += turned[index] * values[HeadDim + index];
            actual += (double)view[0][index] * view[1][index];
            magnitude += Math.Abs(turned[index] * values[HeadDim + index]);
        }

        // Each element is a sum of two products with rounded factors; the angle of the naive turn is rounded itself.
        var limit = 2 * HeadDim * Tolerance.F32Sum(4) + distance * HeadDim * Tolerance.F32Unit;
        Assert.Equal(expected, actual, limit);
        Assert.True(magnitude > 100 * limit);
    }

    [Fact]
    public void A_far_shift_undoes_a_far_rotation()
    {
        const int Position = 4_000_000;
        const int HeadDim = 2 * Half;
        using var pool = new WorkerPool(1);
        using var angles = new RotaryAngles(Frequencies, Context);
        using var row = new NativeBuffer<float>(HeadDim);
        var values = TestNumbers.Uniform(HeadDim, 5);
        values.CopyTo(row.Span.Span);
        var view = new FloatRows(row.Span, 1, HeadDim);
        angles.Prepare([Position]);
        Rotary.Forward(angles, RotaryPairing.Halves, view, view, HeadDim, pool);
        Rotary.Shift(angles, RotaryPairing.Halves, -Position, view, view, HeadDim, pool);
        for (var index = 0; index < HeadDim; index++)
        {
            Assert.Equal(values[index], row.Span[index], 4 * Tolerance.F32Sum(4));
        }
    }

    [Fact]
    public void A_near_shift_has_the_bits_of_the_angle_rounded_to_f32()
    {
        using var angles = new RotaryAngles(Frequencies, Context, multiplier: 3);
        foreach (var delta in (int[])[0, 1, -1, 700, -(Context - 1)])
        {
            var (cosines, sines) = angles.Shift(delta);
            for (var pair = 0; pair < Half; pair++)
            {
                var angle = delta * Frequencies[pair];
                Assert.Equal((float)Math.Cos(angle), cosines[pair]);
                Assert.Equal((float)Math.Sin(angle), sines[pair]);
            }
        }
    }

    [Fact]
    public void Memory_grows_with_the_batch_and_not_with_the_position()
    {
        var before = NativeMemoryMeter.Bytes;
        using var angles = new RotaryAngles(Frequencies, Context);
        int[] positions = [8191, 12_000, 4_000_000, 1 << 29];
        angles.Prepare(positions);

        // The positions that are kept, and a row for each token.
        const long Row = 2 * Half * sizeof(float);
        Assert.InRange(NativeMemoryMeter.Bytes - before, 1, (8192 + 8) * Row + 1024);
        var native = NativeMemoryMeter.Bytes;
        var managed = GC.GetAllocatedBytesForCurrentThread();
        for (var step = 1; step < 100; step++)
        {
            foreach (ref var position in positions.AsSpan(1))
            {
                position += 7919;
            }

            angles.Prepare(positions);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - managed);
        Assert.True(NativeMemoryMeter.Bytes <= native);
    }

    private static void WithinAnUlp(double expected, float actual)
    {
        var rounded = (float)expected;
        var ulp = Math.Max(
            MathF.BitIncrement(Math.Abs(rounded)) - (double)Math.Abs(rounded),
            float.Epsilon
        );
        Assert.Equal(expected, actual, ulp);
    }
}
