using Puna.Engine;

namespace Puna.Cli.Models;

/// <summary>Finds the model that is used when none is named.</summary>
internal static class DefaultModel
{
    private const string FileName = "smollm2-135m-instruct.gguf";

    /// <summary>
    /// Its path: in models/ beside the program (the tool package), else in models/ of the repository that the program
    /// was built in.
    /// </summary>
    /// <exception cref="InputException">It is in neither place.</exception>
    public static string Path()
    {
        var beside = System.IO.Path.Combine(AppContext.BaseDirectory, "models", FileName);
        if (File.Exists(beside))
        {
            return beside;
        }

        for (
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            folder is not null;
            folder = folder.Parent
        )
        {
            if (!File.Exists(System.IO.Path.Combine(folder.FullName, "Puna.slnx")))
            {
                continue;
            }

            var inRepository = System.IO.Path.Combine(folder.FullName, "models", FileName);
            if (File.Exists(inRepository))
            {
                return inRepository;
            }
        }

        throw new InputException(
            $"No model was named and the default one, models/{FileName}, is neither beside the program nor in a repository above it; name a model with -m MODEL."
        );
    }
}
