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
            using var table = new RotaryTable(frequencies, Multiplier);
            table.Reserve(1001);
            var values = TestNumbers.Uniform(positions.Length * Heads * headDim, half);
            using var from = new GuardedBuffer<float>(values);
            using var to = new GuardedBuffer<float>(values.Length);
            fixed (int* pointer = positions)
            {
                Widths.Run(
                    width,
                    new Rotary.Job(
                        pairing,
                        table.Cosines.Pointer,
                        table.Sines.Pointer,
                        half,
                        pointer,
                        from.Pointer,
                        Heads * headDim,
                        to.Pointer,
                        Heads * headDim,
                        positions.Length,
                        Heads,
                        headDim
                    )
                );
            }

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
        using var table = new RotaryTable(Frequencies(Half));
        using var x = new NativeBuffer<float>(3 * Row);
        using var y = new NativeBuffer<float>(3 * Row);
        var values = TestNumbers.Uniform(3 * Row, 1);
        values.CopyTo(x.Span.Span);
        Rotary.Forward(table, pairing, [5, 6, 40], x.Span, Row, y.Span, Row, 2, 2 * Half, pool);
        Rotary.Shift(table, pairing, 60, y.Span, Row, y.Span, Row, 3, 2, 2 * Half, pool);
        Rotary.Forward(table, pairing, [65, 66, 100], x.Span, Row, x.Span, Row, 2, 2 * Half, pool);
        for (var index = 0; index < values.Length; index++)
        {
            // The angles of up to 100 radians are rounded before they are added.
            Assert.Equal(x.Span[index], y.Span[index], s_tolerance + 200 * Tolerance.F32Unit);
        }

        Rotary.Shift(table, pairing, -65, x.Span, Row, x.Span, Row, 1, 2, 2 * Half, pool);
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
        using var table = new RotaryTable(Frequencies(Half));
        using var x = new NativeBuffer<float>(Tokens * Row);
        using var y = new NativeBuffer<float>(Tokens * Row);
        TestNumbers.Uniform(Tokens * Row, 1).CopyTo(x.Span.Span);
        var positions = TestNumbers.Permutation(Tokens, 2);
        Rotary.Forward(table, default, positions, x.Span, Row, y.Span, Row, Heads, 64, two);
        for (var token = 0; token < Tokens; token++)
        {
            var part = x.Span.Slice(token * Row);
            Rotary.Forward(
                table,
                default,
                [positions[token]],
                part,
                Row,
                part,
                Row,
                Heads,
                64,
                one
            );
        }

        Assert.Equal(y.Span.Span.ToArray(), x.Span.Span.ToArray());
    }

    [Fact]
    public void The_table_grows_by_doubling_and_keeps_what_it_had()
    {
        var frequencies = Frequencies(4);
        using var table = new RotaryTable(frequencies);
        table.Reserve(600);
        Assert.Equal(600, table.Positions);
        table.Reserve(601);
        Assert.Equal(1200, table.Positions);
        for (var position = 0; position < table.Positions; position++)
        {
            for (var pair = 0; pair < 4; pair++)
            {
                var angle = position * frequencies[pair];
                Assert.Equal((float)Math.Cos(angle), table.Cosines[position * 4 + pair]);
                Assert.Equal((float)Math.Sin(angle), table.Sines[position * 4 + pair]);
            }
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        table.Reserve(130);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Heads_too_small_for_the_table_and_memory_too_small_are_refused()
    {
        using var pool = new WorkerPool(1);
        using var table = new RotaryTable(Frequencies(4));
        using var x = new NativeBuffer<float>(16);
        Assert.Throws<ArgumentException>(() =>
            Rotary.Forward(table, default, [0], x.Span, 16, x.Span, 16, 2, 6, pool)
        );
        Assert.Throws<ArgumentException>(() =>
            Rotary.Forward(table, default, [0, 1], x.Span, 16, x.Span, 16, 2, 8, pool)
        );
        Rotary.Forward(table, default, [], x.Span, 16, x.Span, 16, 2, 8, pool);
    }

    private static float[] Frequencies(int half) =>
        [.. Enumerable.Range(0, half).Select(i => (float)Math.Pow(10_000, -(double)i / half))];

    private static (int First, int Second) Pair(RotaryPairing pairing, int index, int half) =>
        pairing == RotaryPairing.Halves ? (index, index + half) : (2 * index, 2 * index + 1);
}
