using Puna.Kernels.Activations;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Tests.Matrices;

public sealed unsafe class ActivationRowsTests
{
    [Theory]
    [InlineData(1, 32)]
    [InlineData(1, 2048)]
    [InlineData(33, 96)]
    [InlineData(70, 288)]
    [InlineData(3, 40)]
    [InlineData(2, 1)]
    public void Codes_scales_and_sums_are_those_of_the_definition(int tokens, int columns)
    {
        var stride = columns + 3;
        var x = TestNumbers.Uniform(tokens * stride, columns, 5);
        for (var k = 0; k < columns && k < 32; k++)
        {
            x[k] = 0;
        }

        using var values = new GuardedBuffer<float>(x);
        using var rows = new ActivationRows(tokens, columns, ActivationFormat.Int8);
        rows.Load(new FloatRows(values.Span, tokens, columns, stride));
        for (var token = 0; token < tokens; token++)
        {
            var (codes, scales) = NaiveInt8Product.Quantise(x.AsSpan(token * stride, columns));
            for (var block = 0; block < rows.Blocks; block++)
            {
                CheckBlock(*Block(rows, token, block), codes.AsSpan(block * 32, 32), scales[block]);
            }
        }
    }

    [Fact]
    public void A_row_is_rounded_the_same_in_any_batch_and_on_any_number_of_threads()
    {
        const int Tokens = 71;
        const int Columns = 320;
        using var pool = new WorkerPool(3);
        using var values = new GuardedBuffer<float>(TestNumbers.Uniform(Tokens * Columns, 1));
        using var whole = new ActivationRows(Tokens, Columns, ActivationFormat.Int8);
        using var alone = new ActivationRows(Tokens, Columns, ActivationFormat.Int8);
        whole.Load(new FloatRows(values.Span, Tokens, Columns), pool);
        for (var token = 0; token < Tokens; token++)
        {
            alone.Load(new FloatRows(values.Span.Slice(token * Columns), 1, Columns));
            for (var block = 0; block < whole.Blocks; block++)
            {
                Assert.Equal(
                    new ReadOnlySpan<byte>(Block(alone, 0, block), ActivationBlock.Size),
                    new ReadOnlySpan<byte>(Block(whole, token, block), ActivationBlock.Size)
                );
            }
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void What_is_no_number_spoils_its_own_row_alone(float bad)
    {
        const int Columns = 96;
        for (var place = 0; place < Columns; place++)
        {
            var x = TestNumbers.Uniform(2 * Columns, 3);
            x[place] = bad;
            using var values = new GuardedBuffer<float>(x);
            using var rows = new ActivationRows(2, Columns, ActivationFormat.Int8);
            rows.Load(new FloatRows(values.Span, 2, Columns));
            for (var block = 0; block < 3; block++)
            {
                Assert.Equal(block != place / 32, float.IsFinite(Block(rows, 0, block)->Scale));
                Assert.True(float.IsFinite(Block(rows, 1, block)->ScaledSum));
            }
        }
    }

    [Fact]
    public void The_smallest_numbers_are_rounded_without_fault()
    {
        var x = new float[64];
        x[3] = float.Epsilon;
        x[40] = 300 * float.Epsilon;
        x[41] = -299 * float.Epsilon;
        using var values = new GuardedBuffer<float>(x);
        using var rows = new ActivationRows(1, 64, ActivationFormat.Int8);
        rows.Load(new FloatRows(values.Span, 1, 64));
        var (codes, scales) = NaiveInt8Product.Quantise(x);
        for (var block = 0; block < 2; block++)
        {
            CheckBlock(*Block(rows, 0, block), codes.AsSpan(block * 32, 32), scales[block]);
        }
    }

    [Fact]
    public void A_batch_beyond_the_room_is_refused()
    {
        using var values = new NativeBuffer<float>(4 * 64);
        using var rows = new ActivationRows(2, 64, ActivationFormat.Int8);
        Assert.Throws<ArgumentException>(() => rows.Load(new FloatRows(values.Span, 3, 64)));
        Assert.Throws<ArgumentException>(() => rows.Load(new FloatRows(values.Span, 2, 96)));
        Assert.Throws<ArgumentException>(() =>
            rows.Load(new FloatRows(values.Span.Slice(200), 2, 64))
        );
    }

    private static ActivationBlock* Block(ActivationRows rows, int token, int block)
    {
        var tile = token / ActivationRows.TileRows * ActivationRows.TileRows;
        var height = Math.Min(ActivationRows.TileRows, rows.Tokens - tile);
        return rows.Quantised.Pointer + tile * rows.Blocks + block * height + (token - tile);
    }

    private static void CheckBlock(ActivationBlock block, ReadOnlySpan<int> codes, float scale)
    {
        Assert.Equal(scale, block.Scale);
        var sums = new int[4];
        for (var k = 0; k < codes.Length; k++)
        {
            Assert.Equal(codes[k], block.Codes[k]);
            sums[k / 16] += codes[k];
            sums[2 + k % 4 / 2] += codes[k];
        }

        Assert.Equal(scale * (sums[0] + sums[1]), block.ScaledSum);
        Assert.Equal(scale * sums[0], block.ScaledSumFirst);
        Assert.Equal(scale * sums[1], block.ScaledSumSecond);
        Assert.Equal(-128 * (sums[0] + sums[1]), block.ByteOffset);
        Assert.Equal(-8 * sums[2], (short)block.PairOffset);
        Assert.Equal(-8 * sums[3], block.PairOffset >> 16);
    }
}
