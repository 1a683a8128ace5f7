namespace Puna.Engine.Plan;

/// <summary>Shapes of well-known models by name, for models of random weights that cost what the real ones cost.</summary>
public static class ModelShapes
{
    /// <summary>Every shape, by its name.</summary>
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } =
        new SortedDictionary<string, ModelConfig>(StringComparer.Ordinal)
        {
            ["stories-260k"] = Stories(64, 172, 5, 8, 512, 512) with { KvHeads = 4 },
            ["stories-15m"] = Stories(288, 768, 6, 6, 32000, 256),
            ["stories-42m"] = Stories(512, 1376, 8, 8, 32000, 1024),
            ["stories-110m"] = Stories(768, 2048, 12, 12, 32000, 1024),
            ["llama-110m"] = Stories(768, 2048, 12, 12, 32000, 1024) with
            {
                ContextLength = 8192,
                TieEmbeddings = false,
            },
            ["smollm2-135m"] = SmolLm2(576, 1536, 30, 9, 3),
            ["smollm2-360m"] = SmolLm2(960, 2560, 32, 15, 5),
            ["smollm2-1.7b"] = SmolLm2(2048, 8192, 24, 32, 32) with
            {
                Rope = new RopeConfig { Theta = 130000 },
            },
            ["tinyllama-1.1b"] = Llama(2048, 5632, 22, 32, 4, 32000, 2048, 10000),
            ["llama-2-7b"] = Llama(4096, 11008, 32, 32, 32, 32000, 4096, 10000),
            ["llama-3-8b"] = Llama(4096, 14336, 32, 32, 8, 128256, 8192, 500000),
            ["llama-3.2-1b"] = Llama32(2048, 16, 32),
            ["llama-3.2-3b"] = Llama32(3072, 28, 24),
            ["mistral-7b"] = Llama(4096, 14336, 32, 32, 8, 32768, 32768, 1000000),
            ["qwen2.5-0.5b"] = Qwen2(896, 4864, 24, 14, 2),
            ["qwen2.5-1.5b"] = Qwen2(1536, 8960, 28, 12, 2),
            ["qwen3-0.6b"] = Qwen3(1024, 3072, 28, 16),
            ["qwen3-1.7b"] = Qwen3(2048, 6144, 28, 16),
            ["qwen3-4b"] = Qwen3(2560, 9728, 36, 32),
            ["smollm3-3b"] = Llama(2048, 11008, 36, 16, 4, 128256, 65536, 5000000) with
            {
                Family = "smollm3",
                TieEmbeddings = true,
                LayersWithoutRope = [3, 7, 11, 15, 19, 23, 27, 31, 35],
            },
        };

    /// <summary>The shape of a name.</summary>
    /// <exception cref="InputException">There is none.</exception>
    internal static ModelConfig Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (All.TryGetValue(name, out var shape))
        {
            return shape;
        }

        throw new InputException(
            $"There is no shape '{PrintableText.Short(name)}'; known are {string.Join(", ", All.Keys)}{NearestName.Hint(name, All.Keys)}."
        );
    }

    private static ModelConfig Llama(
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int kvHeads,
        int vocabulary,
        int context,
        double theta
    ) =>
        new()
        {
            Family = "llama",
            HiddenSize = hidden,
            IntermediateSize = intermediate,
            Layers = layers,
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = hidden / heads,
            VocabularySize = vocabulary,
            ContextLength = context,
            NormEpsilon = 1e-5f,
            TieEmbeddings = false,
            Rope = new RopeConfig { Theta = theta },
            BosId = 1,
            EosIds = [2],
        };

    private static ModelConfig Stories(
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int vocabulary,
        int context
    ) =>
        Llama(hidden, intermediate, layers, heads, heads, vocabulary, context, 10000) with
        {
            TieEmbeddings = true,
        };

    private static ModelConfig SmolLm2(
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int kvHeads
    ) =>
        Llama(hidden, intermediate, layers, heads, kvHeads, 49152, 8192, 100000) with
        {
            TieEmbeddings = true,
        };

    private static ModelConfig Llama32(int hidden, int layers, int heads) =>
        Llama(hidden, 8192, layers, heads, 8, 128256, 131072, 500000) with
        {
            TieEmbeddings = true,
            Rope = new RopeConfig
            {
                Theta = 500000,
                Scaling = RopeScalingKind.Llama3,
                Factor = 32,
                OriginalContext = 8192,
            },
        };

    private static ModelConfig Qwen2(
        int hidden,
        int intermediate,
        int layers,
        int heads,
        int kvHeads
    ) =>
        Llama(hidden, intermediate, layers, heads, kvHeads, 151936, 32768, 1000000) with
        {
            Family = "qwen2",
            NormEpsilon = 1e-6f,
            TieEmbeddings = true,
            AttentionInputBias = true,
        };

    private static ModelConfig Qwen3(int hidden, int intermediate, int layers, int heads) =>
        Llama(hidden, intermediate, layers, heads, 8, 151936, 40960, 1000000) with
        {
            Family = "qwen3",
            HeadDim = 128,
            NormEpsilon = 1e-6f,
            TieEmbeddings = true,
            QueryKeyNorm = true,
        };
}
