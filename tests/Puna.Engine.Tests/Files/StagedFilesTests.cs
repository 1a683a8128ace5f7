using System.Diagnostics;
using Puna.Engine.Files.Writing;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

public sealed class StagedFilesTests
{
    [Fact]
    public void Files_appear_together_and_only_when_committed()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["a"], "old");
        using (var staged = new StagedFiles())
        {
            staged.Write(folder["a"], stream => stream.WriteByte(1));
            staged.Write(folder["b"], stream => stream.WriteByte(2));
            Assert.Equal("old", File.ReadAllText(folder["a"]));
            Assert.False(File.Exists(folder["b"]));
            staged.Commit();
        }

        Assert.Equal([1], File.ReadAllBytes(folder["a"]));
        Assert.Equal([2], File.ReadAllBytes(folder["b"]));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.Path).Length);
    }

    [Fact]
    public void Without_commit_nothing_is_left()
    {
        using var folder = new TemporaryFolder();
        using (var staged = new StagedFiles())
        {
            staged.Write(folder["a"], stream => stream.WriteByte(1));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_missing_folder_is_one_sentence()
    {
        using var folder = new TemporaryFolder();
        using var staged = new StagedFiles();
        ModelAssert.Sentence(() => staged.Write(folder["no/such/file"], _ => { }));
        ModelAssert.Sentence(() => staged.Write(folder.Path, _ => { }));
    }

    [Fact]
    public void A_full_disk_keeps_the_old_file()
    {
        Assert.SkipUnless(
            OperatingSystem.IsLinux() && Environment.UserName == "root",
            "a small file system can be mounted by root on Linux only"
        );
        using var folder = new TemporaryFolder();
        Assert.SkipUnless(
            Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.Path),
            "mounting a small file system is not allowed here"
        );
        try
        {
            File.WriteAllText(folder["a"], "old");
            using (var staged = new StagedFiles())
            {
                var message = ModelAssert.Sentence(() =>
                    staged.Write(
                        folder["a"],
                        stream =>
                        {
                            for (var part = 0; part < 64; part++)
                            {
                                stream.Write(new byte[1 << 16]);
                            }
                        }
                    )
                );
                Assert.Contains("unchanged", message, StringComparison.Ordinal);
            }

            Assert.Equal("old", File.ReadAllText(folder["a"]));
            Assert.Single(Directory.EnumerateFileSystemEntries(folder.Path));
        }
        finally
        {
            Run("umount", folder.Path);
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(
                new ProcessStartInfo(program, arguments)
                {
                    RedirectStandardError = true,
                    UseShellExecute = false,
                }
            )!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
