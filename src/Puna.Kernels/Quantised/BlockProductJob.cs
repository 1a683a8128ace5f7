using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Lanes;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;
using Puna.Kernels.Threads;

namespace Puna.Kernels.Quantised;

/// <summary>The int8 product of a matrix with a batch: row groups are shared out among the threads.</summary>
internal readonly unsafe struct BlockProductJob<TLayout>(
    BlockStorage<TLayout> storage,
    ActivationBlock* activations,
    int tokens,
    float* y,
    nint yStride,
    KernelLevel level,
    bool emitted
) : IParallelJob
    where TLayout : struct, IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;
    private readonly BlockStorage<TLayout> _storage = storage;
    private readonly ActivationBlock* _activations = activations;
    private readonly float* _y = y;

    /// <inheritdoc/>
    public void Execute(int part, int parts)
    {
        var first = Dispatch.PartStart(_storage.Groups, part, parts);
        var end = Dispatch.PartStart(_storage.Groups, part + 1, parts);
        switch (level)
        {
            case KernelLevel.Avx512
                when emitted
                    && EmittedProduct.Pays(TLayout.Kind, tokens)
                    && DotLoops<TLayout>.Exist:
                MultiplyEmitted(first, end);
                break;
            case KernelLevel.Avx512:
                Multiply<RowLanes16>(first, end);
                break;
            case KernelLevel.Avx2:
                Multiply<RowLanes8>(first, end);
                break;
            default:
                Multiply<RowLanes4>(first, end);
                break;
        }
    }

    [SkipLocalsInit]
    private void Multiply<TLanes>(int first, int end)
        where TLanes : unmanaged, IRowLanes<TLanes>
    {
        var memory = stackalloc float[ChunkScales.Floats + ActivationRows.TileRows * Group + 16];
        var table = PanelProduct.Align(memory);
        var sums = table + ChunkScales.Floats;
        for (var token = 0; token < tokens; token += ActivationRows.TileRows)
        {
            var count = Math.Min(ActivationRows.TileRows, tokens - token);
            for (var group = first; group < end; group++)
            {
                BlockProduct.Multiply<TLanes, TLayout>(
                    new BlockProduct.Arguments
                    {
                        Codes = _storage.Codes(group),
                        Scales = _storage.Scales(group),
                        SubBlocks = _storage.SubBlocks,
                        Activations = _activations + (nint)token * _storage.SubBlocks,
                        Tokens = count,
                        Table = table,
                        Sums = sums,
                    }
                );
                WriteRows(sums, token, count, group);
            }
        }
    }

    /// <summary>
    /// Pairs of groups, one of the lower and one of the upper half of the range: each half is read from front to back,
    /// so what is asked for ahead of its use is what comes next.
    /// </summary>
    [SkipLocalsInit]
    private void MultiplyEmitted(int first, int end)
    {
        var memory = stackalloc float[EmittedProduct.TableScratch + EmittedProduct.SumScratch + 16];
        var table = PanelProduct.Align(memory);
        var sums = table + EmittedProduct.TableScratch;
        var middle = tokens < EmittedProduct.PairTokens ? end : first + (end - first + 1) / 2;
        for (var token = 0; token < tokens; token += ActivationRows.TileRows)
        {
            var count = Math.Min(ActivationRows.TileRows, tokens - token);
            for (var group = first; group < middle; group++)
            {
                var second = group + middle - first;
                if (second >= end)
                {
                    second = group;
                }

                EmittedProduct.Multiply(
                    _storage,
                    group,
                    second,
                    _activations + (nint)token * _storage.SubBlocks,
                    count,
                    table,
                    sums
                );
                WriteRows(sums, token, count, group);
                if (second != group)
                {
                    WriteRows(sums + EmittedProduct.GroupSums, token, count, second);
                }
            }
        }
    }

    private void WriteRows(float* sums, int token, int count, int group)
    {
        var rows = Math.Min(Group, _storage.Rows - group * Group);
        var target = _y + token * yStride + (nint)group * Group;
        if (rows == Group)
        {
            for (var inner = 0; inner < count; inner++)
            {
                RowLanes16.Store(RowLanes16.Load(sums + inner * Group), target);
                target += yStride;
            }

            return;
        }

        for (var inner = 0; inner < count; inner++)
        {
            new ReadOnlySpan<float>(sums + inner * Group, rows).CopyTo(
                new Span<float>(target, rows)
            );
            target += yStride;
        }
    }
}
