using System.Runtime.CompilerServices;
using Puna.Kernels.Activations;
using Puna.Kernels.Matrices;
using Puna.Kernels.Quantised.Layouts;

namespace Puna.Kernels.Quantised;

/// <summary>Where the parts of a packed matrix lie: the codes of every row group, then the scales of every row group.</summary>
internal readonly unsafe struct BlockStorage<TLayout>
    where TLayout : struct, IBlockLayout
{
    private const int Group = PackedMatrix.RowGroup;
    private readonly byte* _codes;

    /// <summary>Describes a matrix whose bytes start at <paramref name="memory"/>.</summary>
    public BlockStorage(byte* memory, int rows, int columns)
    {
        _codes = memory;
        Rows = rows;
        SubBlocks = columns / ActivationBlock.Columns;
    }

    /// <summary>Rows without padding.</summary>
    public int Rows { get; }

    /// <summary>Sub-blocks of a row.</summary>
    public int SubBlocks { get; }

    /// <summary>Blocks of a row.</summary>
    public int Blocks => SubBlocks / TLayout.SubBlocks;

    /// <summary>Row groups.</summary>
    public int Groups => (Rows + Group - 1) / Group;

    /// <summary>Bytes of codes of a group.</summary>
    public long CodeBytes => (long)Blocks * TLayout.CodeWords * sizeof(uint) * Group;

    /// <summary>Bytes of scales of a group.</summary>
    public long ScaleBytes => (long)Blocks * TLayout.ScaleBytes * Group;

    /// <summary>Bytes of the matrix.</summary>
    public long Bytes => Groups * (CodeBytes + ScaleBytes);

    /// <summary>Bytes of a block of one row in the file.</summary>
    public static int SourceBlockBytes => TLayout.CodeWords * sizeof(uint) + TLayout.ScaleBytes;

    /// <summary>Codes of a group.</summary>
    public byte* Codes(int group) => _codes + group * CodeBytes;

    /// <summary>Scales of a group.</summary>
    public byte* Scales(int group) => _codes + Groups * CodeBytes + group * ScaleBytes;

    /// <summary>Decodes columns [first, first + count) of a group to a panel [count, 16].</summary>
    /// <param name="group">Row group.</param>
    /// <param name="first">A multiple of 256.</param>
    /// <param name="count">A multiple of 32, at most 256.</param>
    /// <param name="width">Rows of a vector: 4, 8 or 16.</param>
    /// <param name="panel">Result.</param>
    [SkipLocalsInit]
    public void Decode(int group, int first, int count, int width, float* panel)
    {
        var memory = stackalloc float[ChunkScales.Floats + 16];
        var table = PanelProduct.Align(memory);
        var chunk = first / (BlockProduct.ChunkSubBlocks * ActivationBlock.Columns);
        var codes = Codes(group) + chunk * (long)BlockProduct.ChunkCodeBytes<TLayout>();
        var scales = Scales(group) + chunk * (long)BlockProduct.ChunkScaleBytes<TLayout>();
        var subBlocks = count / ActivationBlock.Columns;
        switch (width)
        {
            case 16:
                BlockPanel.Decode<RowLanes.RowLanes16, TLayout>(
                    codes,
                    scales,
                    subBlocks,
                    table,
                    panel
                );
                break;
            case 8:
                BlockPanel.Decode<RowLanes.RowLanes8, TLayout>(
                    codes,
                    scales,
                    subBlocks,
                    table,
                    panel
                );
                break;
            default:
                BlockPanel.Decode<RowLanes.RowLanes4, TLayout>(
                    codes,
                    scales,
                    subBlocks,
                    table,
                    panel
                );
                break;
        }
    }
}
