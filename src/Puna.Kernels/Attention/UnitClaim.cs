namespace Puna.Kernels.Attention;

/// <summary>
/// The unit of work that a thread takes next. It is taken a little before it is needed, so that its first pages can be
/// asked for: another thread would take one that was only looked at.
/// </summary>
internal unsafe struct UnitClaim
{
    private int _unit;
    private bool _ahead;

    /// <summary>The unit that <see cref="Take"/> will give.</summary>
    public int Ahead(AttentionBatch* batch)
    {
        if (!_ahead)
        {
            _unit = Interlocked.Increment(ref *batch->NextUnit) - 1;
            _ahead = true;
        }

        return _unit;
    }

    /// <summary>Takes a unit; past the last one there is nothing left to do.</summary>
    public int Take(AttentionBatch* batch)
    {
        var unit = Ahead(batch);
        _ahead = false;
        return unit;
    }
}
