using Puna.Kernels.Formats;

namespace Puna.Engine.Files.Storage;

/// <summary>A tensor as it lies in a model file.</summary>
public sealed class StoredTensor
{
    /// <summary>The name in Hugging Face's spelling, e.g. <c>model.layers.3.self_attn.q_proj.weight</c>, when it is known; else the file's own.</summary>
    public required string Name { get; init; }

    /// <summary>The name in the file, e.g. <c>blk.3.attn_q.weight</c>.</summary>
    public required string StoredName { get; init; }

    /// <summary>Coding of the elements.</summary>
    public required WeightFormat Format { get; init; }

    /// <summary>Shape, slowest dimension first: [rows, columns] for a matrix, [length] for a vector.</summary>
    public required IReadOnlyList<long> Shape { get; init; }

    /// <summary>The bytes, row-major; already checked to lie inside the file and to have the exact size.</summary>
    public required StoredBytes Data { get; init; }

    /// <summary>
    /// When not null: row i in Hugging Face's order is row <c>RowOrder[i]</c> of <see cref="Data"/> (GGUF's llama,
    /// smollm3 and granite files interleave the two halves of each head of q and k; llama2.c does too).
    /// </summary>
    public int[]? RowOrder { get; init; }

    /// <summary>Number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>
    /// Refuses weights of which a scale (in dense formats an element) is NaN or infinite. It looks at every scale, so the
    /// loader asks when it reads the tensor, not at opening.
    /// </summary>
    /// <param name="blocks">Whole blocks of the tensor.</param>
    /// <exception cref="InputException">There is such a scale.</exception>
    internal void RequireFiniteScales(ReadOnlySpan<byte> blocks)
    {
        if (!Format.HasOnlyFiniteScales(blocks))
        {
            throw new InputException(
                $"Tensor '{PrintableText.Short(StoredName)}' holds a {(Format.IsDense ? "weight" : "scale")} that is NaN or infinite: the file is damaged."
            );
        }
    }
}
