namespace Puna.Kernels.Attention;

/// <summary>What <see cref="PagedAttention"/> does for one sequence, as pointers.</summary>
internal unsafe struct AttentionArguments
{
    public AttentionShape Shape;

    /// <summary>The batch that the call is part of.</summary>
    public AttentionBatch* Batch;

    /// <summary>[offset groups, T, H, d].</summary>
    public float* Queries;
    public int Tokens;

    /// <summary>[T].</summary>
    public int* QueryPositions;

    /// <summary>[Hk, pages of a head].</summary>
    public KvPageRef* Pages;
    public int PagesPerHead;

    /// <summary>Bytes from the keys and values of the list to those that are meant.</summary>
    public nint PageShift;

    /// <summary>[T, tail pages], or null.</summary>
    public uint* TailMasks;
    public int TailPages;

    /// <summary>Masks from one KV head to the next; 0 when all see the same.</summary>
    public long TailHeadStride;

    /// <summary>[T, H, d].</summary>
    public float* Output;

    /// <summary>The first of the units of this call in its batch.</summary>
    public int FirstUnit;

    /// <summary>Chunks of each KV head that are done, when they are shared out.</summary>
    public int* ChunksDone;

    /// <summary>Results of single chunks, when the chunks of a tile are shared out; else null.</summary>
    public float* Parts;

    /// <summary>Query heads that read one KV head.</summary>
    public readonly int GroupHeads => Shape.QueryHeads / Shape.KvHeads;

    /// <summary>Query rows of one KV head.</summary>
    public readonly int Rows => Tokens * GroupHeads;

    /// <summary>Tiles of query rows of one KV head.</summary>
    public readonly int Tiles => (Rows + TileScratch.Rows - 1) / TileScratch.Rows;

    /// <summary>Chunks of pages.</summary>
    public readonly int Chunks => (PagesPerHead + TileScratch.Pages - 1) / TileScratch.Pages;

    /// <summary>Units of a KV head.</summary>
    public readonly int UnitsPerHead => Parts == null ? Tiles : Chunks;

    /// <summary>Floats of the result of one chunk for all <see cref="Rows"/>: sums, maxima, totals.</summary>
    public readonly long PartFloats =>
        ((long)Rows * (TileScratch.PaddedDim(Shape.HeadDim) + 2) + 15) / 16 * 16;
}
