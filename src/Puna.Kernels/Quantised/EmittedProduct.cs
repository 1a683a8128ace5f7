using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;
using Puna.Kernels.Quantised.RowLanes;

namespace Puna.Kernels.Quantised;

/// <summary>
/// The int8 product of one or two groups of 16 rows with a tile of tokens, its inner loops emitted (see
/// <see cref="DotProgram"/>): the law and the bits are those of <see cref="BlockProduct"/>.
/// </summary>
internal static unsafe class EmittedProduct
{
    private const int MaximumGroups = 2;

    /// <summary>Scratch of scales and minima, in floats.</summary>
    public const int TableScratch = MaximumGroups * ChunkScales.Floats;

    /// <summary>Room for results, in floats.</summary>
    public const int SumScratch = MaximumGroups * GroupSums;

    /// <summary>From the results of the first group to those of the second, in floats.</summary>
    public const int GroupSums = ActivationRows.TileRows * PackedMatrix.RowGroup;

    /// <summary>
    /// Tokens from which pairs of groups pay: with fewer, a matrix that streams from memory is the limit, and one stream
    /// is faster than two.
    /// </summary>
    public const int PairTokens = 3;

    /// <summary>True where emitted loops are faster than the managed ones.</summary>
    public static bool Pays(DotKind kind, int tokens) =>
        tokens >= PairTokens || kind == DotKind.Signed;

    /// <summary>Multiplies; sums are overwritten.</summary>
    /// <param name="storage">The matrix.</param>
    /// <param name="group">First group of rows.</param>
    /// <param name="second">Second group, or the first again for one group alone.</param>
    /// <param name="activations">Activations [sub-blocks, tokens].</param>
    /// <param name="tokens">Tokens, at most <see cref="ActivationRows.TileRows"/>.</param>
    /// <param name="table">Scratch of <see cref="TableScratch"/> floats.</param>
    /// <param name="sums">Results [groups, tile, 16], of <see cref="SumScratch"/> floats.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TLayout>(
        in BlockStorage<TLayout> storage,
        int group,
        int second,
        ActivationBlock* activations,
        int tokens,
        float* table,
        float* sums
    )
        where TLayout : struct, IBlockLayout
    {
        var groups = second == group ? 1 : 2;
        var dot = DotLoops<TLayout>.For(groups);
        var codeStep = BlockProduct.ChunkCodeBytes<TLayout>();
        var scaleStep = BlockProduct.ChunkScaleBytes<TLayout>();
        var scales = storage.Scales(group);
        var scalesSecond = storage.Scales(second);
        DotArguments arguments;
        arguments.Table = table;
        arguments.Codes = storage.Codes(group);
        arguments.CodesSecond = storage.Codes(second);
        arguments.Activations = activations;
        arguments.Tokens = tokens;
        arguments.Sums = sums;
        for (var inner = 0; inner < groups; inner++)
        {
            new Span<float>(sums + inner * GroupSums, tokens * PackedMatrix.RowGroup).Clear();
        }

        for (var left = storage.SubBlocks; left > 0; left -= BlockProduct.ChunkSubBlocks)
        {
            var count = Math.Min(BlockProduct.ChunkSubBlocks, left);
            arguments.SubBlocks = count;
            BlockProduct.Expand<RowLanes16, TLayout>(scales, count, table);
            if (groups > 1)
            {
                BlockProduct.Expand<RowLanes16, TLayout>(
                    scalesSecond,
                    count,
                    table + ChunkScales.Floats
                );
            }

            dot(&arguments);
            arguments.Codes += codeStep;
            arguments.CodesSecond += codeStep;
            arguments.Activations += count * tokens;
            scales += scaleStep;
            scalesSecond += scaleStep;
        }
    }
}
