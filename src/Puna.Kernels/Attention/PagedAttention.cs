using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Attention;

/// <summary>
/// softmax(scale * q K^T + mask) V over the pages of a KV cache, tiled with a running maximum and sum (FlashAttention,
/// Dao et al. 2022, algorithm 1), so that no T x T matrix ever exists.
/// </summary>
public sealed class PagedAttention : IDisposable
{
    /// <summary>Attention of T new tokens of one sequence; their keys are already in the pages.</summary>
    /// <param name="shape">Heads, scale, window, formats.</param>
    /// <param name="queries">Rotated queries [offsetGroups, T, H, d], contiguous.</param>
    /// <param name="tokens">T.</param>
    /// <param name="queryPositions">Position of each query, [T].</param>
    /// <param name="pages">Pages [Hk, pagesPerHead]: page i of KV head h at h * pagesPerHead + i.</param>
    /// <param name="pagesPerHead">Pages of each KV head.</param>
    /// <param name="output">Result [T, H, d], contiguous.</param>
    /// <param name="pool">Threads.</param>
    public void Forward(
        in AttentionShape shape,
        NativeSpan<float> queries,
        int tokens,
        ReadOnlySpan<int> queryPositions,
        ReadOnlySpan<KvPageRef> pages,
        int pagesPerHead,
        NativeSpan<float> output,
        WorkerPool pool
    ) =>
        throw new NotSupportedException(
            $"{shape}{queries.Length}{tokens}{queryPositions.Length}{pages.Length}{pagesPerHead}{output.Length}{pool.Threads}"
        );

    /// <inheritdoc/>
    public void Dispose() { }
}
