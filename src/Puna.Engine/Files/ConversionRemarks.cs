using Puna.Engine.Files.Writing;
using Puna.Kernels.Formats;

namespace Puna.Engine.Files;

/// <summary>What a conversion costs that the user may not expect.</summary>
internal static class ConversionRemarks
{
    /// <summary>Sentences about matrices that are coded anew.</summary>
    /// <param name="matrices">Each with the coding it has.</param>
    public static IEnumerable<string> Of(
        IReadOnlyList<(WeightFormat Stored, OutputTensor Output)> matrices
    )
    {
        var before = matrices.Sum(matrix =>
            matrix.Output.RowCount * matrix.Stored.RowBytes(matrix.Output.Columns)
        );
        var after = matrices.Sum(matrix => matrix.Output.Bytes);
        if (after > before)
        {
            yield return $"The matrices grow from {before} to {after} bytes and become no more exact than they were.";
        }

        var again = matrices
            .Where(matrix => !matrix.Stored.IsDense && matrix.Stored != matrix.Output.Format)
            .ToList();
        foreach (var pair in again.GroupBy(matrix => (matrix.Stored, matrix.Output.Format)))
        {
            var (stored, written) = pair.Key;
            if (FormatChoice.BitsPerElement(written) < FormatChoice.BitsPerElement(stored))
            {
                yield return $"{written.Id} is coarser than {stored.Id}, which {pair.Count()} matrices had: the model gets worse.";
            }
        }

        var blocks = again.Count(matrix => !matrix.Output.Format.IsDense);
        if (blocks > 0)
        {
            yield return $"{blocks} matrices were quantised before and are quantised again, which adds to their error; convert the original weights where you have them.";
        }
    }
}
