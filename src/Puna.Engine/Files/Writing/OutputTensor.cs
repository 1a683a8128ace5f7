using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Writing;

/// <summary>A tensor to be written.</summary>
/// <param name="Name">Its name in the new file.</param>
/// <param name="Shape">Shape, slowest dimension first: [rows, columns] or [length].</param>
/// <param name="Format">Coding; its blocks divide the columns.</param>
/// <param name="Rows">Where the rows come from; a vector is one row.</param>
public sealed record OutputTensor(
    string Name,
    IReadOnlyList<long> Shape,
    WeightFormat Format,
    IRowSource Rows
)
{
    /// <summary>Elements of one row.</summary>
    public int Columns => checked((int)Shape[^1]);

    /// <summary>Number of rows.</summary>
    public long RowCount => Shape.Count == 1 ? 1 : Shape[0];

    /// <summary>Bytes of one row.</summary>
    public int RowBytes => checked((int)Format.RowBytes(Columns));

    /// <summary>Bytes of the tensor.</summary>
    public long Bytes => RowCount * RowBytes;
}
