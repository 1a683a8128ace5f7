namespace Puna.Engine.Files.Models;

/// <summary>A tensor that a model must have.</summary>
/// <param name="Name">Its name in Hugging Face's spelling.</param>
/// <param name="Rows">Rows of a matrix (output features), or the length of a vector.</param>
/// <param name="Columns">Columns of a matrix (input features), or 0 for a vector.</param>
public readonly record struct TensorSlot(string Name, int Rows, int Columns)
{
    /// <summary>True for a matrix, false for a norm or bias.</summary>
    public bool IsMatrix => Columns > 0;

    /// <summary>The shape, slowest dimension first.</summary>
    public long[] Shape => IsMatrix ? [Rows, Columns] : [Rows];
}
