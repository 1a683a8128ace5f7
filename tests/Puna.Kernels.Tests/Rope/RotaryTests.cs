using Puna.Kernels.Memory;
using Puna.Kernels.Rope;
using Puna.Kernels.Tests.Lanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Rope;

public sealed unsafe class RotaryTests
{
    // A pair is two products and one sum of rounded cos and sin.
    private static readonly double s_tolerance = 2 * Tolerance.F32Sum(4);

    public static TheoryData<int, RotaryPairing> Cases
    {
        get
        {
            var cases = new TheoryData<int, RotaryPairing>();
            foreach (var width in (int[])[1, 4, 8, 16])
            {
                cases.Add(width, RotaryPairing.Halves);
                cases.Add(width, RotaryPairing.Interleaved);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Heads_of_every_size_turn_as_complex_numbers(int width, RotaryPairing pairing)
    {
        const float Multiplier = 1.25f;
        int[] positions = [0, 3, -5, 1000];
        for (var half = 1; half <= 40; half++)
        {
            // Two elements of each head are not rotated.
            var headDim = 2 * half + 2;
            const int Heads = 3;
            var frequencies = Frequencies(half);
            using var angles = new RotaryAngles(frequencies, multiplier: Multiplier);
            angles.Prepare(positions);
            var values = TestNumbers.Uniform(positions.Length * Heads * headDim, half);
            using var from = new GuardedBuffer<float>(values);
            using var to = new GuardedBuffer<float>(values.Length);
            Widths.Run(
                width,
                new Rotary.Job(
                    pairing,
                    angles.Cosines.Pointer,
                    angles.Sines.Pointer,
                    half,
                    half,
                    new FloatRows(from.Span, positions.Length, Heads * headDim),
                    new FloatRows(to.Span, positions.Length, Heads * headDim),
                    headDim
                )
            );

            for (var row = 0; row < positions.Length * Heads; row++)
            {
                var expected = NaiveRotary.Rotate(
                    values.AsSpan(row * headDim, headDim),
                    frequencies,
                    positions[row / Heads],
                    Multiplier,
                    i => Pair(pairing, i, half)
                );
                for (var index = 0; index < headDim; index++)
                {
                    Assert.Equal(expected[index], to.Span[row * headDim + index], s_tolerance);
                }
            }
        }
    }

    [Theory]
    [InlineData(RotaryPairing.Halves)]
    [InlineData(RotaryPairing.Interleaved)]
    public void A_shift_turns_on_and_back(RotaryPairing pairing)
    {
        const int Half = 17;
        const int Row = 2 * 2 * Half;
        using var pool = new WorkerPool(2);
        using var angles = new RotaryAngles(Frequencies(Half));
        using var x = new NativeBuffer<float>(3 * Row);
        using var y = new NativeBuffer<float>(3 * Row);
        var from = new FloatRows(x.Span, 3, Row);
        var to = new FloatRows(y.Span, 3, Row);
        var values = TestNumbers.Uniform(3 * Row, 1);
        values.CopyTo(x.Span.Span);
        angles.Prepare([5, 6, 40]);
        Rotary.Forward(angles, pairing, from, to, 2 * Half, pool);
        Rotary.Shift(angles, pairing, 60, to, to, 2 * Half, pool);
        angles.Prepare([65, 66, 100]);
        Rotary.Forward(angles, pairing, from, from, 2 * Half, pool);
        for (var index = 0; index < values.Length; index++)
        {
            // The angles of up to 100 radians are rounded before they are added.
            Assert.Equal(x.Span[index], y.Span[index], s_tolerance + 200 * Tolerance.F32Unit);
        }

        from = from.Slice(0, 1);
        Rotary.Shift(angles, pairing, -65, from, from, 2 * Half, pool);
        for (var index = 0; index < Row; index++)
        {
            Assert.Equal(values[index], x.Span[index], 2 * s_tolerance);
        }
    }

    [Fact]
    public void Batch_and_threads_change_nothing()
    {
        const int Half = 32;
        const int Heads = 9;
        const int Row = Heads * 2 * Half;
        const int Tokens = 130;
        using var one = new WorkerPool(1);
        using var two = new WorkerPool(2);
        using var angles = new RotaryAngles(Frequencies(Half));
        using var x = new NativeBuffer<float>(Tokens * Row);
        using var y = new NativeBuffer<float>(Tokens * Row);
        TestNumbers.Uniform(Tokens * Row, 1).CopyTo(x.Span.Span);
        var positions = TestNumbers.Permutation(Tokens, 2);
        var rows = new FloatRows(x.Span, Tokens, Row);
        angles.Prepare(positions);
        Rotary.Forward(angles, default, rows, new FloatRows(y.Span, Tokens, Row), 64, two);
        for (var token = 0; token < Tokens; token++)
        {
            var part = rows.Slice(token, 1);
            angles.Prepare([positions[token]]);
            Rotary.Forward(angles, default, part, part, 64, one);
        }

        Assert.Equal(y.Span.Span.ToArray(), x.Span.Span.ToArray());
    }

    [Fact]
    public void Heads_too_small_for_the_angles_and_rows_that_do_not_fit_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var angles = new RotaryAngles(Frequencies(4));
        using var x = new NativeBuffer<float>(16);
        var row = new FloatRows(x.Span, 1, 16);
        angles.Prepare([0]);
        Assert.Throws<ArgumentException>(() => Turn(row, row, 6));
        Assert.Throws<ArgumentException>(() => Turn(row, new FloatRows(x.Span, 1, 8), 8));
        Assert.Throws<ArgumentException>(() =>
            Turn(new FloatRows(x.Span, 1, 15), new FloatRows(x.Span, 1, 15), 8)
        );
        angles.Prepare([0, 1]);
        Assert.Throws<ArgumentException>(() => Turn(row, row, 8));
        angles.Prepare([]);
        Turn(row.Slice(0, 0), row.Slice(0, 0), 8);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RotaryAngles(Frequencies(4), -1));

        void Turn(FloatRows source, FloatRows destination, int headDim) =>
            Rotary.Forward(angles, default, source, destination, headDim, pool);
    }

    private static float[] Frequencies(int half) =>
        [.. Enumerable.Range(0, half).Select(i => (float)Math.Pow(10_000, -(double)i / half))];

    private static (int First, int Second) Pair(RotaryPairing pairing, int index, int half) =>
        pairing == RotaryPairing.Halves ? (index, index + half) : (2 * index, 2 * index + 1);
}
