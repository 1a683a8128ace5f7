using Puna.Engine.Files.Gguf;
using Puna.Engine.Model;
using Puna.Engine.Text;

namespace Puna.Engine.Files;

/// <summary>Finds the tokenizer of a model.</summary>
internal static class ModelTokenizers
{
    public static TokenizerData? OfGguf(GgufFile file, ModelConfig config) => null;

    public static TokenizerData? OfFolder(string folder, ModelConfig config) => null;

    public static TokenizerData? OfNeighbour(string path, ModelConfig config) => null;
}
