using Puna.Kernels.Memory;

namespace Puna.Kernels.Attention;

/// <summary>The new tokens of one sequence in a call of <see cref="PagedAttention"/>; their keys are already in the pages.</summary>
public readonly struct AttentionRequest
{
    /// <summary>Rotated queries [offset groups, T, H, d], contiguous.</summary>
    public required NativeSpan<float> Queries { get; init; }

    /// <summary>Position of each query, [T].</summary>
    public required NativeSpan<int> QueryPositions { get; init; }

    /// <summary>Pages [Hk, <see cref="PagesPerHead"/>]: page i of KV head h at h * PagesPerHead + i.</summary>
    public required NativeSpan<KvPageRef> Pages { get; init; }

    /// <summary>Pages of each KV head.</summary>
    public required int PagesPerHead { get; init; }

    /// <summary>
    /// Bytes from the keys and values that <see cref="Pages"/> names to those that are meant: layers whose pages lie at
    /// the same distance in every place share one list.
    /// </summary>
    public long PageShift { get; init; }

    /// <summary>Result [T, H, d], contiguous; must not overlap the queries.</summary>
    public required NativeSpan<float> Output { get; init; }

    /// <summary>
    /// [T, <see cref="TailPages"/>], for the tokens of a draft tree: bit s of entry j allows slot s of page
    /// PagesPerHead - TailPages + j of every KV head; validity, position and window apply as well. Where the KV heads hold
    /// different slots, [Hk, T, <see cref="TailPages"/>].
    /// </summary>
    public NativeSpan<uint> TailMasks { get; init; }

    /// <summary>Pages that the masks cover; 0 for none.</summary>
    public int TailPages { get; init; }

    /// <summary>T.</summary>
    public int Tokens => (int)QueryPositions.Length;

    internal bool HasTailMasksByHead(int kvHeads) =>
        kvHeads > 1 && TailPages > 0 && TailMasks.Length == (long)kvHeads * Tokens * TailPages;
}
