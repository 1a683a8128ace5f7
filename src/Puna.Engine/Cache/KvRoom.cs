namespace Puna.Engine.Cache;

/// <summary>
/// Room for new tokens of a sequence. What a batch of sequences needs is counted first and ensured at once; then each
/// extends its tail, which cannot fail any more.
/// </summary>
internal sealed class KvRoom(KvMemory memory, KvLanes lanes, KvLine line, FixedStates? states)
{
    private long _counted;

    private int Next =>
        lanes.TailLength == 0 ? line.Next : lanes.TailPosition(lanes.TailLength - 1) + 1;

    /// <summary>
    /// Adds to the count of the memory what so many more tokens take, after checking that they can be, and makes the places
    /// of their states.
    /// </summary>
    /// <param name="tokens">New tokens.</param>
    /// <param name="certain">The first of them, of which all stay or none.</param>
    /// <exception cref="ArgumentException">The sequence was counted before.</exception>
    public void Count(int tokens, int certain)
    {
        Check(tokens);
        if (_counted == memory.CountId)
        {
            throw new ArgumentException("A sequence may bring only one segment to a batch.");
        }

        _counted = memory.CountId;
        lanes.Count(tokens);
        states?.Ensure(tokens, certain);
    }

    /// <summary>Makes room for tokens at the positions that follow.</summary>
    /// <exception cref="CacheFullException">There are no blocks for them; nothing has changed.</exception>
    public void Ensure(int tokens)
    {
        Check(tokens);
        EnsureBlocks(tokens);
    }

    /// <summary>Makes room for a token at each position.</summary>
    /// <exception cref="CacheFullException">There are no blocks for them; nothing has changed.</exception>
    public void Ensure(ReadOnlySpan<int> positions)
    {
        foreach (var position in positions)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(position, line.Next, nameof(positions));
            line.Check(position);
        }

        EnsureBlocks(positions.Length);
    }

    /// <summary>Extends the tail at the positions that follow. Returns the index of the first new token.</summary>
    public int Extend(int tokens, int certain = 0)
    {
        var next = Next;
        var first = lanes.Extend(tokens);
        states?.Extend(tokens, certain);
        for (var index = 0; index < tokens; index++)
        {
            lanes.SetTailPosition(first + index, next + index);
        }

        return first;
    }

    /// <summary>Extends the tail at given positions. Returns the index of the first new token.</summary>
    public int Extend(ReadOnlySpan<int> positions, int certain = 0)
    {
        var first = lanes.Extend(positions.Length);
        states?.Extend(positions.Length, certain);
        for (var index = 0; index < positions.Length; index++)
        {
            lanes.SetTailPosition(first + index, positions[index]);
        }

        return first;
    }

    private void Check(int tokens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        line.Check((long)Next + tokens - 1);
    }

    private void EnsureBlocks(int tokens)
    {
        states?.Ensure(tokens, certain: 0);
        do
        {
            memory.StartCount();
            lanes.Count(tokens);
        } while (!memory.TryEnsure());
    }
}
