using Puna.Engine.Files.Gguf;
using Puna.Engine.Plan;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>Finds the tokenizer of a model, and holds it against the embedding.</summary>
internal static class ModelTokenizers
{
    /// <summary>No tokenizer's file is larger; it spares looking into weights.</summary>
    private const long Largest = 1L << 26;

    /// <summary>Rows of an embedding without a piece, which round its size up; Phi-2 has 905, the most that are known.</summary>
    private const int MostPadding = 1024;

    /// <summary>The tokenizer in a GGUF file, or null.</summary>
    /// <exception cref="InputException">There is one, but it cannot be honoured.</exception>
    public static TokenizerData? OfGguf(GgufFile file, ModelConfig config) =>
        Checked(GgufTokenizerReader.Read(file), file.Path, config);

    /// <summary>The tokenizer of a Hugging Face folder, or null.</summary>
    /// <exception cref="InputException">There is one, but it is damaged or cannot be honoured.</exception>
    public static TokenizerData? OfFolder(string folder, ModelConfig config) =>
        Checked(TokenizerFiles.LoadFolder(folder), folder, config);

    /// <summary>
    /// The tokenizer beside a llama2.c checkpoint: tokenizer.bin, else the only .bin or .model in the folder that is a
    /// tokenizer with as many pieces as the model. A .bin and a .model of one name count as one, of which the .model
    /// says more. Null when there is none, or several.
    /// </summary>
    /// <exception cref="InputException">The tokenizer.bin is damaged, or of another model.</exception>
    public static TokenizerData? OfNeighbour(string path, ModelConfig config)
    {
        var own = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(own)!;
        var named = Path.Combine(folder, "tokenizer.bin");
        if (own != named && File.Exists(named))
        {
            return Checked(TokenizerFiles.Load(named), named, config);
        }

        var found = Directory
            .EnumerateFiles(folder)
            .Where(file => file != own && Path.GetExtension(file) is (".bin" or ".model"))
            .Where(file => new FileInfo(file).Length <= Largest)
            .Order(StringComparer.Ordinal)
            .GroupBy(file => Path.ChangeExtension(file, null), StringComparer.Ordinal)
            .Select(files => TryLoad(files.Last(), config))
            .OfType<TokenizerData>()
            .Take(2)
            .ToList();
        return found.Count == 1 ? found[0] : null;
    }

    /// <summary>
    /// A tokenizer that a model gets instead of its own, held against the embedding, or null for null.
    /// </summary>
    /// <exception cref="InputException">It has too many pieces for this embedding or far too few, or contradicts itself.</exception>
    public static TokenizerData? Fitting(TokenizerData? tokenizer, string path, ModelConfig config)
    {
        if (tokenizer is null)
        {
            return null;
        }

        TokenizerFactory.Create(tokenizer);
        var (pieces, rows) = (tokenizer.Pieces.Count, config.VocabularySize);
        return pieces <= rows && rows - pieces <= MostPadding
            ? tokenizer
            : throw new InputException(
                $"The tokenizer has {pieces} pieces, but the embedding of '{path}' has {rows} rows; give the tokenizer that belongs to it, with at most as many pieces and at most {MostPadding} fewer."
            );
    }

    /// <summary>An embedding may have more rows than the tokenizer has pieces (padding), never fewer.</summary>
    private static TokenizerData? Checked(TokenizerData? data, string path, ModelConfig config) =>
        data is null || data.Pieces.Count <= config.VocabularySize
            ? data
            : throw new InputException(
                $"The tokenizer of '{path}' has {data.Pieces.Count} pieces, but the model's embedding only {config.VocabularySize} rows; give the tokenizer that belongs to it."
            );

    private static TokenizerData? TryLoad(string path, ModelConfig config)
    {
        try
        {
            var data = TokenizerFiles.Load(path);
            return data.Pieces.Count == config.VocabularySize ? data : null;
        }
        catch (InputException)
        {
            // Another checkpoint, or a tokenizer that does not work: not this model's.
            return null;
        }
    }
}
