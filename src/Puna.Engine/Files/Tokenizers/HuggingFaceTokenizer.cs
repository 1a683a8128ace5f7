using Puna.Engine.Plan;
using Puna.Engine.Text;

namespace Puna.Engine.Files.Tokenizers;

/// <summary>The files that a tokenizer is in a Hugging Face folder.</summary>
internal static class HuggingFaceTokenizer
{
    /// <summary>Names and contents.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="config">The configuration of the model that it belongs to.</param>
    /// <param name="generation">The path that a generation_config.json of the model may have, whose other settings are kept; or null.</param>
    /// <exception cref="InputException">The tokenizer contradicts itself, or tokenizer.json has no known spelling for it.</exception>
    public static IReadOnlyList<(string Name, byte[] Content)> Files(
        TokenizerData tokenizer,
        ModelConfig config,
        string? generation
    )
    {
        // What cannot be built would be a file that nobody can read.
        TokenizerFactory.Create(tokenizer);
        var files = new List<(string, byte[])>
        {
            ("tokenizer.json", TokenizerJsonWriter.Write(tokenizer)),
            ("tokenizer_config.json", TokenizerConfigWriter.Settings(tokenizer, config)),
        };
        var existing = File.Exists(generation) ? generation : null;
        if (TokenizerConfigWriter.Generation(tokenizer, config, existing) is { } ends)
        {
            files.Add(("generation_config.json", ends));
        }

        return files;
    }
}
