using System.Runtime.CompilerServices;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Memory;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>Packs the rows of a file into a matrix.</summary>
internal readonly unsafe struct BlockPackJob<TLayout>(
    BlockStorage<TLayout> storage,
    byte* source,
    int* order
) : IParallelJob
    where TLayout : struct, IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;
    private readonly BlockStorage<TLayout> _storage = storage;
    private readonly byte* _source = source;
    private readonly int* _order = order;

    /// <inheritdoc/>
    public void Execute(int part, int parts)
    {
        var end = Dispatch.PartStart(_storage.Groups, part + 1, parts);
        for (var group = Dispatch.PartStart(_storage.Groups, part, parts); group < end; group++)
        {
            PackGroup(group);
        }
    }

    // Optimised at once: a matrix of a model is packed in few calls, each of millions of steps.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void PackGroup(int group)
    {
        var groupCodes = _storage.Codes(group);
        var groupScales = _storage.Scales(group);
        var first = group * Group;
        var count = Math.Min(Group, _storage.Rows - first);
        if (count < Group)
        {
            new NativeSpan<byte>(groupCodes, _storage.CodeBytes).Span.Clear();
            new NativeSpan<byte>(groupScales, _storage.ScaleBytes).Span.Clear();
        }

        // A strip of blocks at a time, so that the lines written stay in the first-level cache.
        const int StripBytes = 16 * 1024;
        var blockBytes = BlockStorage<TLayout>.SourceBlockBytes;
        var strip = Math.Max(1, StripBytes / (blockBytes * Group));
        for (var start = 0; start < _storage.Blocks; start += strip)
        {
            var steps = Math.Min(strip, _storage.Blocks - start);
            for (var row = 0; row < count; row++)
            {
                var index = _order == null ? first + row : _order[first + row];
                var block = _source + ((long)index * _storage.Blocks + start) * blockBytes;
                var codes = (uint*)groupCodes + (long)start * TLayout.CodeWords * Group + row;
                var scales = groupScales + (long)start * TLayout.ScaleBytes * Group;
                for (var step = 0; step < steps; step++)
                {
                    TLayout.Pack(block, codes, scales, row);
                    block += blockBytes;
                    codes += TLayout.CodeWords * Group;
                    scales += TLayout.ScaleBytes * Group;
                }
            }
        }
    }
}
