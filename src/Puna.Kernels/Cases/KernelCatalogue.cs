using Puna.Kernels.Attention;
using Puna.Kernels.Formats;
using Puna.Kernels.Matrices;

namespace Puna.Kernels.Cases;

/// <summary>Every kernel at the shapes that are measured: the one list behind all benchmarks of kernels.</summary>
public static class KernelCatalogue
{
    private const int Width = 2048;
    private const long MemoryBytes = 256L << 20;

    // Small enough for half of the second-level caches of two small cores.
    private const long CacheBytes = 768L << 10;

    // A as it lies or transposed, then B: what a linear layer takes forward, backward to inputs, backward to weights.
    private static readonly string[] s_forms = ["nt", "nn", "tn"];
    private static readonly int[] s_skinny = [1, 2, 4, 8, 16];
    private static readonly int[] s_tokens = [4, 16, 64, 512];
    private static readonly int[] s_depths = [512, 8192];

    /// <summary>All cases, in the order in which they are reported.</summary>
    public static IReadOnlyList<IKernelCase> All { get; } =
    [.. DenseProducts(), .. FloatProducts(), .. BlockProducts(), .. Attentions(), .. RowCases.All];

    /// <summary>
    /// The cases in whose names a word, or a number of the shape, begins with each word of <paramref name="filter"/>,
    /// whatever its case: <c>f16</c> does not choose bf16.
    /// </summary>
    /// <param name="filter">Words separated by blanks; none of them chooses all cases.</param>
    public static IReadOnlyList<IKernelCase> Named(string filter)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var words = filter.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return [.. All.Where(kernel => words.All(word => Holds(kernel.Name, word)))];
    }

    private static bool Holds(string name, string word) =>
        name.Split(' ')
            .Concat(name.Split(' ', 'x'))
            .Any(part => part.StartsWith(word, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<IKernelCase> DenseProducts()
    {
        foreach (var format in WeightFormats.All.Where(format => format.IsDense))
        {
            yield return Product("gemm", format, 1024, 1024, 1024);
            yield return Product("gemm", format, 512, Width, Width);
            foreach (var tokens in s_skinny)
            {
                yield return Product("skinny", format, tokens, Width, Width);
            }

            yield return Gemv(format, OperandHome.Cache, CacheBytes);
            yield return Gemv(format, OperandHome.Memory, MemoryBytes);
        }
    }

    private static IEnumerable<IKernelCase> FloatProducts() =>
        s_forms.Select(form => new FloatProductCase(form, 512, Width, Width));

    private static IEnumerable<IKernelCase> BlockProducts()
    {
        foreach (var format in WeightFormats.All.Where(format => !format.IsDense))
        {
            yield return Gemv(format, OperandHome.Memory, MemoryBytes);
            yield return Gemv(format, OperandHome.Cache, CacheBytes);
            foreach (var tokens in s_tokens)
            {
                yield return Product("gemm", format, tokens, Width, Width);
            }
        }
    }

    private static IEnumerable<IKernelCase> Attentions()
    {
        foreach (var format in KvPageFormats.All)
        {
            foreach (var depth in s_depths)
            {
                yield return new AttentionCase(format, 1, depth);
                yield return new AttentionCase(format, 512, depth);
            }
        }
    }

    private static ProductCase Product(
        string kernel,
        WeightFormat format,
        int tokens,
        int rows,
        int columns
    ) => new(kernel, format, tokens, rows, columns, OperandHome.Cache);

    private static ProductCase Gemv(WeightFormat format, OperandHome home, long bytes)
    {
        // Whole row groups for each of many threads; a matrix in memory has at least the bytes that are asked for.
        const int Step = 8 * PackedMatrix.RowGroup;
        var rows = bytes / format.RowBytes(Width) / Step * Step;
        return new ProductCase(
            "gemv",
            format,
            1,
            (int)(home == OperandHome.Memory ? rows + Step : Math.Max(rows, Step)),
            Width,
            home
        );
    }
}
