using Puna.Engine.Cache;

namespace Puna.Engine.Tests.Cache;

public sealed class InsertTests
{
    [Fact]
    public void What_follows_moves_and_the_gap_takes_the_next_tokens()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 50);
        sequence.Insert(10, 5);
        Assert.Equal((55, 10), (sequence.LogicalLength, sequence.NextPosition));
        fixture.Append(sequence, 900, 901, 902);
        Assert.Equal(12, sequence.TailPosition(2));
        sequence.Commit([900, 901, 902]);
        Assert.Equal((55, 13), (sequence.LogicalLength, sequence.NextPosition));
        Assert.Throws<InvalidOperationException>(() => sequence.Reserve(3));
        Assert.Throws<InvalidOperationException>(() => sequence.Fork());
        Assert.Throws<InvalidOperationException>(() => sequence.Shift(0, 5, 1));
        Assert.Throws<InvalidOperationException>(() => sequence.Insert(0, 1));
        Assert.Equal(0, sequence.TailLength);
        fixture.Append(sequence, 903, 904);
        sequence.Commit([903, 904]);
        Assert.Equal(55, sequence.NextPosition);
        fixture.AppendRange(sequence, 50, 3);
        Assert.Equal(
            Enumerable
                .Range(0, 58)
                .Select(position =>
                    (
                        position,
                        position < 10 ? position
                        : position < 15 ? 890 + position
                        : position - 5
                    )
                ),
            fixture.Read(sequence)
        );
    }

    [Fact]
    public void A_gap_that_is_given_up_takes_what_follows_with_it()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 50);
        sequence.Insert(10, 5);
        fixture.Append(sequence, 900, 901);
        sequence.Commit([900]);
        Assert.Equal(11, sequence.Truncate(55));
        Assert.Equal((11, 11), (sequence.LogicalLength, sequence.NextPosition));
        fixture.AppendRange(sequence, 11, 1);
        Assert.Equal((11, 11), fixture.Read(sequence)[^1]);
    }

    [Fact]
    public void At_the_end_and_for_no_token_nothing_moves()
    {
        using var fixture = new CacheFixture();
        using var sequence = fixture.Filled(0, 50);
        sequence.Insert(50, 5);
        sequence.Insert(20, 0);
        Assert.Equal((50, 50), (sequence.LogicalLength, sequence.NextPosition));
        Assert.Throws<ArgumentOutOfRangeException>(() => sequence.Insert(51, 1));
        Assert.Throws<InputException>(() => sequence.Insert(1, KvSequence.LargestPosition));
    }
}
