using Puna.Kernels.Randomness;
using Puna.Testing;

namespace Puna.Kernels.Tests.Randomness;

public sealed class PhiloxRandomTests
{
    /// <summary>Known answers published with the algorithm (Random123, philox4x32 with 10 rounds).</summary>
    [Theory]
    [InlineData(0UL, 0UL, 0UL, 0xe169c58d_6627e8d5UL, 0x9b00dbd8_bc57ac4cUL)]
    [InlineData(
        ulong.MaxValue,
        ulong.MaxValue,
        ulong.MaxValue,
        0x41c83b0e_408f276dUL,
        0x6d5451fd_a20bc7c6UL
    )]
    [InlineData(
        0x85a308d3_243f6a88UL,
        0x03707344_13198a2eUL,
        0x299f31d0_a4093822UL,
        0x94fdcceb_d16cfe09UL,
        0x24126ea1_5001e420UL
    )]
    public void The_bijection_gives_the_known_answers(
        ulong counterLow,
        ulong counterHigh,
        ulong key,
        ulong low,
        ulong high
    ) => Assert.Equal((low, high), PhiloxRandom.Block(counterLow, counterHigh, key));

    [Fact]
    public void Seeking_a_position_continues_as_before()
    {
        var random = new PhiloxRandom(7, 3);
        var numbers = new ulong[21];
        foreach (ref var number in numbers.AsSpan())
        {
            number = random.NextUInt64();
        }

        for (var position = 0; position < numbers.Length; position++)
        {
            var other = new PhiloxRandom(7, 3);
            other.Seek((ulong)position);
            for (var i = position; i < numbers.Length; i++)
            {
                Assert.Equal(numbers[i], other.NextUInt64());
            }
        }

        Assert.Equal((ulong)numbers.Length, random.Position);
    }

    [Fact]
    public void Seeds_and_streams_give_different_numbers()
    {
        var first = new PhiloxRandom(1);
        var otherSeed = new PhiloxRandom(2);
        var otherStream = new PhiloxRandom(1, 1);
        var value = first.NextUInt64();
        Assert.NotEqual(value, otherSeed.NextUInt64());
        Assert.NotEqual(value, otherStream.NextUInt64());
    }

    [Fact]
    public void Doubles_are_uniform_in_the_unit_interval()
    {
        var random = new PhiloxRandom(5);
        var bins = new int[16];
        const int draws = 160_000;
        for (var i = 0; i < draws; i++)
        {
            bins[(int)(random.NextDouble() * bins.Length)]++;
        }

        var expected = draws / (double)bins.Length;
        var statistic = bins.Sum(n => (n - expected) * (n - expected) / expected);
        Assert.InRange(statistic, 0, Tolerance.ChiSquare(bins.Length - 1));
    }

    [Fact]
    public void Filling_writes_the_numbers_in_order()
    {
        var random = new PhiloxRandom(9);
        var bytes = new byte[11];
        random.Fill(bytes);
        var same = new PhiloxRandom(9);
        Assert.Equal(same.NextUInt64(), BitConverter.ToUInt64(bytes));
        Assert.Equal((uint)same.NextUInt64() & 0xFFFFFF, BitConverter.ToUInt32([.. bytes[8..], 0]));
    }
}
