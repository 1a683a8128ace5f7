namespace Puna.Kernels.Attention;

/// <summary>Where the result of one chunk of one KV head lies.</summary>
internal readonly unsafe struct ChunkPart
{
    /// <summary>[rows][padded d].</summary>
    public readonly float* Sums;

    /// <summary>[rows].</summary>
    public readonly float* Maxima;

    /// <summary>[rows].</summary>
    public readonly float* Totals;

    public ChunkPart(AttentionArguments* call, int head, int chunk)
    {
        Sums = call->Parts + ((long)head * call->Chunks + chunk) * call->PartFloats;
        Maxima = Sums + (long)call->Rows * TileScratch.PaddedDim(call->Shape.HeadDim);
        Totals = Maxima + call->Rows;
    }
}
