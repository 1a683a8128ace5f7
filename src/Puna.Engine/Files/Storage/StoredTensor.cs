using Puna.Kernels.Formats;
using Puna.Kernels.Memory;

namespace Puna.Engine.Files.Storage;

/// <summary>A tensor as it lies in a mapped model file.</summary>
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
    public required NativeSpan<byte> Data { get; init; }

    /// <summary>
    /// When not null: row i in Hugging Face's order is row <c>RowOrder[i]</c> of <see cref="Data"/> (GGUF's llama,
    /// smollm3 and granite files interleave the two halves of each head of q and k; llama2.c does too).
    /// </summary>
    public int[]? RowOrder { get; init; }

    /// <summary>Gives the file's pages behind <see cref="Data"/> back to the system; the bytes stay readable.</summary>
    public required Action GiveBack { get; init; }

    /// <summary>Number of elements.</summary>
    public long Elements => Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>
    /// Refuses weights of which a scale (in dense formats an element) is NaN or infinite. It reads every scale, so the
    /// loader asks when it packs the tensor, not at opening.
    /// </summary>
    /// <exception cref="InputException">There is such a scale.</exception>
    public void RequireFiniteScales()
    {
        // A whole number of blocks at a time: a tensor may be longer than a span.
        var step = (long)Format.BlockBytes << 16;
        for (long start = 0; start < Data.Length; start += step)
        {
            var part = Data.Slice(start, Math.Min(step, Data.Length - start)).Span;
            if (!Format.HasOnlyFiniteScales(part))
            {
                throw NotFinite();
            }
        }
    }

    internal InputException NotFinite() =>
        new(
            $"Tensor '{PrintableText.Short(StoredName)}' holds a {(Format.IsDense ? "weight" : "scale")} that is NaN or infinite: the file is damaged."
        );
}
