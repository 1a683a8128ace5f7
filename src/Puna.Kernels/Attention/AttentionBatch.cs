namespace Puna.Kernels.Attention;

/// <summary>All calls of one parallel job, whose units of work are numbered through.</summary>
internal unsafe struct AttentionBatch
{
    /// <summary>One call for each sequence.</summary>
    public AttentionArguments* Calls;

    /// <summary>Number of calls.</summary>
    public int Count;

    /// <summary>Units of all calls.</summary>
    public int Units;

    /// <summary>The next unit of work to take.</summary>
    public int* NextUnit;

    /// <summary>A <see cref="TileScratch"/> for each thread.</summary>
    public float* Scratch;

    /// <summary>
    /// The call that a unit belongs to, its KV head, and its tile of query rows, or its chunk of pages where chunks are
    /// shared out.
    /// </summary>
    public readonly AttentionArguments* Unit(int unit, out int head, out int index)
    {
        var (low, high) = (0, Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = Calls[middle].FirstUnit <= unit ? (middle, high) : (low, middle - 1);
        }

        var call = Calls + low;
        var perHead = call->UnitsPerHead;
        (head, index) = Math.DivRem(unit - call->FirstUnit, perHead);
        // The last tile sees most pages: it goes first, so that the threads finish together.
        index = perHead - 1 - index;
        return call;
    }
}
