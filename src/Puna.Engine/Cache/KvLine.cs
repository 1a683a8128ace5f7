namespace Puna.Engine.Cache;

/// <summary>The positions of a sequence: how many there are, where the next token goes, and the gap of an insertion.</summary>
internal sealed class KvLine
{
    private int _gapEnd;

    /// <summary>Position behind the last committed token.</summary>
    public int Length { get; private set; }

    /// <summary>Position of the next token: <see cref="Length"/>, or the first free one of a gap.</summary>
    public int Next { get; private set; }

    /// <summary>Positions of a gap that are still free.</summary>
    public int Gap => Math.Max(0, _gapEnd - Next);

    /// <summary>Ends at a length, without a gap.</summary>
    public void Set(int length) => (Length, Next, _gapEnd) = (length, length, 0);

    /// <summary>Opens a gap before what follows, which has been moved.</summary>
    public void Open(int position, int count)
    {
        Length += count;
        (Next, _gapEnd) = (position, position + count);
    }

    /// <summary>Tokens up to <paramref name="next"/> were committed.</summary>
    public void Advance(int next)
    {
        Next = next;
        if (next >= _gapEnd)
        {
            Set(Math.Max(Length, next));
        }
    }

    /// <summary>Length after the positions [from, to) have moved.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They would leave the line of positions.</exception>
    public int LengthAfter(int from, int to, int delta)
    {
        var length = to == Length ? (long)Length + delta : Length;
        if (
            from + (long)delta < 0
            || to + (long)delta > length
            || length > KvSequence.LargestPosition
        )
        {
            throw new ArgumentOutOfRangeException(
                nameof(delta),
                $"Positions {from} to {to} cannot move by {delta} in a sequence whose next position is {Length}."
            );
        }

        return (int)length;
    }

    /// <summary>Refuses a position that no token can have.</summary>
    public void Check(long position)
    {
        if (position >= KvSequence.LargestPosition)
        {
            throw new InputException(
                $"Position {position} lies beyond the longest sequence that can be cached, {KvSequence.LargestPosition} tokens."
            );
        }

        if (Gap > 0 && position >= _gapEnd)
        {
            throw new InvalidOperationException(
                $"The gap at position {Next} has room for {Gap} tokens; a token at {position} is not one of them."
            );
        }
    }

    /// <summary>Refuses what cannot be done while a gap is open.</summary>
    public void ThrowIfGap(string action)
    {
        if (Gap > 0)
        {
            throw new InvalidOperationException(
                $"A sequence with a gap of {Gap} tokens at position {Next} cannot {action}: fill it first."
            );
        }
    }
}
