namespace Puna.Engine.Files.Storage;

/// <summary>
/// The two orders of the rows of q and k. Hugging Face rotates row i of a head with row i + dh/2; GGUF (llama,
/// smollm3, granite) and llama2.c store such partners next to each other: half h of pair j is row 2j + h.
/// </summary>
internal static class RotaryRows
{
    /// <summary>For each row in Hugging Face's order, its row in the interleaved order.</summary>
    public static int[] Interleaved(int heads, int headDim)
    {
        var order = new int[heads * headDim];
        var half = headDim / 2;
        for (var head = 0; head < heads; head++)
        {
            for (var row = 0; row < headDim; row++)
            {
                order[head * headDim + row] = head * headDim + row % half * 2 + row / half;
            }
        }

        return order;
    }

    /// <summary>The order that undoes <paramref name="order"/>.</summary>
    public static int[] Inverse(ReadOnlySpan<int> order)
    {
        var inverse = new int[order.Length];
        for (var row = 0; row < order.Length; row++)
        {
            inverse[order[row]] = row;
        }

        return inverse;
    }

    /// <summary>True for the weights and biases of q and k, by Hugging Face's names.</summary>
    public static bool Concerns(string name) =>
        name.Contains(".self_attn.q_proj.", StringComparison.Ordinal)
        || name.Contains(".self_attn.k_proj.", StringComparison.Ordinal);
}
